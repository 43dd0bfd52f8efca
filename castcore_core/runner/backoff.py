"""Decide how long to wait before the next attempt."""

from __future__ import annotations

import random

from castcore_core.runner.plan import BackoffPlan


class Backoff:
    """Doubles the wait after each failure, with jitter, and starts anew after a good while."""

    def __init__(self, plan: BackoffPlan) -> None:
        self._plan = plan
        self._next = plan.first

    def after(self, good_seconds: float) -> float:
        """Return the seconds to wait after an attempt that was good for ``good_seconds``: 50–100 % of the step."""
        if good_seconds >= self._plan.reset_after:
            self._next = self._plan.first
        wait = self._next
        self._next = min(self._plan.most, self._next * 2)
        return wait * random.uniform(0.5, 1.0)
