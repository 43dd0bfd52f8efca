"""A circuit breaker: after repeated failures a plugin is left in peace for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Breaker:
    """Opens after ``failures`` in a row, for ``pause`` seconds; then one call is let through to see.

    Every admitted call must end in exactly one of `succeed`, `fail` and `forget`.
    """

    failures: int
    pause: float
    clock: Callable[[], float]
    _count: int = 0
    _opened: float | None = None
    _trying: bool = False

    def wait(self) -> float:
        """Return the seconds until the next call may pass, 0 where it may now; it is then admitted."""
        if self._opened is None:
            return 0.0
        left = self._opened + self.pause - self.clock()
        if left > 0:
            return left
        if self._trying:
            return self.pause
        self._trying = True
        return 0.0

    def succeed(self) -> None:
        """Note an answer, which may be an error that says the plugin works (a wrong configuration)."""
        self._count, self._opened, self._trying = 0, None, False

    def fail(self) -> None:
        """Note a failure that says the plugin, or what it talks to, does not work now."""
        self._count += 1
        if self._trying or self._count >= self.failures:
            self._opened = self.clock()
        self._trying = False

    def forget(self) -> None:
        """Note that the call came to no end that says anything: the caller went away."""
        self._trying = False
