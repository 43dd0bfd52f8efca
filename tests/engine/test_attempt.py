"""Attempts by value."""

from __future__ import annotations

from castcore_core.engine.attempt import GOOD_SECONDS, Attempts
from castcore_core.streams.definition import Restart


def test_without_a_limit_it_goes_on_for_ever_and_waits_30_seconds_at_most() -> None:
    attempts = Attempts()
    waits = []
    for _ in range(50):
        assert attempts.fail(Restart(), 0.0)
        waits.append(attempts.wait)
    assert max(waits) <= 30.0
    assert waits[0] <= 1.0
    assert min(waits[8:]) > 14.0


def test_a_limit_limits_also_over_a_restart_of_the_server() -> None:
    policy = Restart(max_attempts=2)
    attempts = Attempts()
    assert attempts.fail(policy, 0.0)
    later = Attempts(attempts.count)
    assert later.fail(policy, 0.0)
    assert not later.fail(policy, 0.0)
    assert not Attempts().fail(Restart(max_attempts=0), 0.0)


def test_a_good_while_on_air_forgets_what_was_before() -> None:
    policy = Restart(max_attempts=1)
    attempts = Attempts()
    for _ in range(5):
        assert attempts.fail(policy, GOOD_SECONDS)
    attempts.reset()
    assert (attempts.count, attempts.wait) == (0, 0.0)
