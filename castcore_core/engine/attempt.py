"""Decide whether and when a job that failed is started again."""

from __future__ import annotations

import time

from castcore_core.runner.backoff import Backoff
from castcore_core.runner.plan import BackoffPlan
from castcore_core.streams.definition import Restart

GOOD_SECONDS = 60.0
"""Seconds on air after which earlier failures are forgotten."""


class Attempts:
    """The failures in a row of one job; ``count`` of them are known from before."""

    def __init__(self, count: int = 0) -> None:
        self.count = count
        self._due = 0.0
        self._policy: Restart | None = None
        self._backoff = Backoff(BackoffPlan())

    @property
    def wait(self) -> float:
        """Seconds until the next attempt, 0 where it may begin."""
        return max(0.0, self._due - time.monotonic())

    def fail(self, policy: Restart, good_seconds: float) -> bool:
        """Note a failure after so many seconds on air. Return whether there is another attempt."""
        if policy != self._policy:
            self._policy = policy
            steps = policy.backoff
            self._backoff = Backoff(BackoffPlan(first=steps.first, most=steps.most, reset_after=GOOD_SECONDS))
        self.count = 1 if good_seconds >= GOOD_SECONDS else self.count + 1
        if policy.max_attempts is not None and self.count > policy.max_attempts:
            return False
        self._due = time.monotonic() + self._backoff.after(good_seconds)
        return True

    def reset(self) -> None:
        """Forget everything: somebody asks for a start."""
        self.count, self._due, self._policy = 0, 0.0, None
