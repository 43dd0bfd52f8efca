"""Say whether the source is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from castcore_core.runner.error import Problem
from castcore_core.runner.event import SourceState, SourceStateName

STALL_SECONDS = 2.0
"""Silence after which the source counts as lost (measured: shorter pauses come with every network)."""

GIVE_UP_SECONDS = 10.0
"""Silence after which whoever should deliver is started anew."""

_NOTHING = Problem("")


class Presence:
    """The state of the source, told when it changes."""

    def __init__(self, report: Callable[[SourceState], None]) -> None:
        self.state: SourceStateName = "connecting"
        self.problem: Problem | None = None
        self.was_up = False
        self._report = report
        self._attempt = 0
        self._loop = asyncio.get_running_loop()
        self._seen = 0.0

    def connecting(self) -> None:
        """Say that the next attempt begins."""
        self._attempt += 1
        self._seen = self._loop.time()
        self._change("connecting", _NOTHING)

    def seen(self) -> None:
        """Say that a tag came."""
        self._seen = self._loop.time()
        if self.state != "up":
            self.was_up = True
            self._change("up", _NOTHING)

    def lost(self, problem: Problem, retry_in: float | None = None) -> None:
        """Say that it is gone, and when the next attempt comes."""
        self.problem = problem
        self._change("lost", problem, retry_in)

    def ended(self) -> None:
        """Say that it came to its end, or that nobody wants it any more; nothing is told after that."""
        self._change("ended", _NOTHING)

    async def outlast(self) -> float:
        """Return the seconds of silence once they are too many to hope on; report a stall before that."""
        while True:
            silent = self._loop.time() - self._seen
            if self.state == "up" and silent >= STALL_SECONDS:
                self.lost(Problem("runner.source_stalled", {"seconds": round(silent, 1)}))
            if silent >= GIVE_UP_SECONDS:
                return silent
            await asyncio.sleep(0.5)

    def _change(self, state: SourceStateName, problem: Problem, retry_in: float | None = None) -> None:
        if self.state == "ended":
            return
        self.state = state
        self._report(
            SourceState(
                state=state,
                code=problem.code,
                params=problem.params,
                detail=problem.detail,
                attempt=self._attempt,
                retry_in=retry_in,
            )
        )
