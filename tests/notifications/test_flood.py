"""Buckets, with a clock from outside."""

from __future__ import annotations

from castcore_core.notifications.flood import Flood
from castcore_sdk import Severity

INFO, WARNING, ERROR = Severity


def admitted(flood: Flood, severity: Severity, count: int, now: float) -> int:
    return sum(flood.admit("t", severity, now) for _ in range(count))


def test_a_burst_passes_then_one_at_a_time() -> None:
    flood = Flood(burst=20, every=6.0)
    assert admitted(flood, INFO, 1000, 0.0) == 20
    assert admitted(flood, INFO, 1000, 5.9) == 0
    assert admitted(flood, INFO, 1000, 60.0) == 10
    assert admitted(flood, INFO, 1000, 10_000.0) == 20


def test_errors_have_room_of_their_own_and_so_has_every_target() -> None:
    flood = Flood()
    admitted(flood, WARNING, 1000, 0.0)
    assert admitted(flood, ERROR, 20, 0.0) == 20
    assert flood.admit("other", WARNING, 0.0)


def test_what_was_left_out_is_told_once_a_minute_at_most() -> None:
    flood = Flood()
    told = []
    for second in range(180):
        admitted(flood, INFO, 10, float(second))
        if count := flood.settle("t", float(second)):
            told.append((second, count))
    assert [second for second, _ in told] == [62, 123]
    assert flood.settle("other", 1000.0) == 0
    assert sum(count for _, count in told) + flood.left_out["t"] == 1800 - 20 - 29


def test_a_clock_that_goes_back_is_no_gift_and_no_trap() -> None:
    flood = Flood()
    admitted(flood, INFO, 1000, 1000.0)
    assert admitted(flood, INFO, 1000, 0.0) == 0
    assert admitted(flood, INFO, 1000, 12.0) == 2


def test_a_forgotten_target_leaves_nothing() -> None:
    flood = Flood()
    admitted(flood, INFO, 1000, 0.0)
    flood.forget("t")
    assert flood == Flood()
