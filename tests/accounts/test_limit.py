"""Rate limits: token buckets with a clock of the test."""

from __future__ import annotations

from datetime import timedelta

import pytest

from castcore_core.accounts.limit import Limits, Rate, address_key
from castcore_core.error import RateLimitedError

RATE = Rate("test", 3, timedelta(seconds=30))


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def _allowed(limits: Limits, key: str, attempts: int) -> int:
    allowed = 0
    for _ in range(attempts):
        try:
            limits.take(RATE, key)
        except RateLimitedError:
            continue
        allowed += 1
    return allowed


def test_a_burst_then_one_by_one() -> None:
    clock = Clock()
    limits = Limits(clock)
    assert _allowed(limits, "a", 10) == 3
    assert _allowed(limits, "b", 10) == 3
    clock.now += 9.9
    assert _allowed(limits, "a", 10) == 0
    clock.now += 0.2
    assert _allowed(limits, "a", 10) == 1
    clock.now += 3600
    assert _allowed(limits, "a", 10) == 3


def test_the_wait_is_told_and_right() -> None:
    clock = Clock()
    limits = Limits(clock)
    _allowed(limits, "a", 3)
    with pytest.raises(RateLimitedError) as refused:
        limits.take(RATE, "a")
    assert refused.value.params == {"seconds": 10}
    clock.now += 10
    limits.take(RATE, "a")


def test_what_was_right_is_given_back_but_no_more() -> None:
    limits = Limits(Clock())
    limits.take(RATE, "a")
    for _ in range(5):
        limits.give_back(RATE, "a")
    assert _allowed(limits, "a", 10) == 3
    limits.forget(RATE, "a")
    assert _allowed(limits, "a", 10) == 3


def test_many_keys_take_bounded_memory_and_forget_the_quiet_ones_first() -> None:
    limits = Limits(Clock())
    _allowed(limits, "quiet", 3)
    for number in range(19_999):
        limits.take(RATE, str(number))
        if number == 15_000:
            _allowed(limits, "busy", 3)
    assert _allowed(limits, "busy", 1) == 0
    assert _allowed(limits, "quiet", 1) == 1
    assert len(limits._left) == 20_000


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("x" * 100, "x" * 64),
    ],
)
def test_what_is_counted_of_an_address(address: str, key: str) -> None:
    assert address_key(address) == key
