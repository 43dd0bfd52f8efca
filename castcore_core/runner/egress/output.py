"""Keep one destination supplied: connect, watch, reconnect."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

from castcore_core.runner.backoff import Backoff
from castcore_core.runner.bus import Bus
from castcore_core.runner.egress.lane import Lane
from castcore_core.runner.egress.session import Opener, Session
from castcore_core.runner.error import Problem, problem_of
from castcore_core.runner.event import OutputState, OutputStateName, OutputStatistics
from castcore_core.runner.plan import OutputPlan

_NOTHING = Problem("")
_NOT_UP = ("connecting", "reconnecting")
_HOPELESS = frozenset({"ffmpeg.not_started", "runner.reference_unknown", "runner.secret_unknown"})


class Output:
    """One destination from its first attempt to its end; runs in a task of its own."""

    def __init__(
        self, plan: OutputPlan, bus: Bus, opener: Opener, report: Callable[[OutputState], None], *, video: bool
    ) -> None:
        self.plan = plan
        self.state: OutputStateName = "connecting"
        self.problem = _NOTHING
        self.sessions = 0
        self._bus = bus
        self._opener = opener
        self._report = report
        self._lane = Lane(plan.queue_ms, video=video)
        self._backoff = Backoff(plan.backoff)
        self._session: Session | None = None
        self._since = time.time()
        self._reconnects = 0
        self._attempt = 0
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._rate = (0.0, 0, 0.0)

    def start(self) -> None:
        """Begin to connect. What the bus carries from now on waits for the first session."""
        self._lane.join(self._bus)
        self._task = asyncio.create_task(self._run(), name=f"output {self.plan.id}")

    async def close(self, seconds: float, *, drain: float) -> None:
        """Deliver what waits for at most ``drain`` seconds, then end in order within ``seconds`` more."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._lane.drained(), drain)
        self._closing = True
        self._lane.leave()
        if self._session is not None:
            await self._session.close(max(0.0, seconds))
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._lane.disconnect()
        if self.state not in ("failed", "ended"):
            self._change("ended", self.problem)

    def abort(self) -> None:
        """Cut at once."""
        self._closing = True
        if self._session is not None:
            self._session.abort()
        if self._task is not None:
            self._task.cancel()

    def stop_taking(self) -> None:
        """Take nothing more off the bus; what waits is still delivered."""
        self._lane.leave()

    def change(self, plan: OutputPlan) -> None:
        """Take another name and revision."""
        self.plan = plan

    def statistics(self) -> OutputStatistics:
        """Return the figures so far."""
        lane = self._lane
        return OutputStatistics(
            state=self.state,
            since=self._since,
            code=self.problem.code,
            params=self.problem.params,
            bytes=lane.bytes,
            tags=lane.tags,
            dropped_tags=lane.queue.dropped_tags,
            dropped_ms=lane.queue.dropped_ms,
            reconnects=self._reconnects,
            sessions=self.sessions,
            seconds=lane.seconds,
            queue_ms=lane.queue.span_ms,
            bitrate=self._bitrate(),
        )

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._attempt += 1
            self._change("connecting", self.problem, attempt=self._attempt)
            up_before = self.sessions
            begun = loop.time()
            problem, retryable = await self._attempt_once()
            if self._closing:
                return
            if problem.code in _HOPELESS:
                self._change("failed", problem, attempt=self._attempt)
                return
            good = loop.time() - begun if self.sessions > up_before else 0.0
            wait = (
                self._backoff.after(good) if retryable else max(self.plan.backoff.most / 2, self._backoff.after(good))
            )
            self._reconnects += 1
            self._change("reconnecting", problem, attempt=self._attempt, retry_in=wait)
            await asyncio.sleep(wait)

    async def _attempt_once(self) -> tuple[Problem, bool]:
        """Connect and stay until it is over. Return why it is, and whether a soon retry may help."""
        try:
            session = await self._opener.open(self._attempt)
        except Exception as error:  # whatever one destination does must not reach the others
            self._lane.disconnect()
            return problem_of(error), bool(getattr(error, "retryable", True))
        self._session = session
        try:
            self._lane.join(self._bus)
            self._lane.connect(session)
            return await self._watch(session), True
        finally:
            self._lane.disconnect()
            self._session = None
            if not session.lost.done():
                session.abort()

    async def _watch(self, session: Session) -> Problem:
        waited: set[asyncio.Future[Any]] = {session.ready, session.lost}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if session.ready.done():
            self.sessions += 1
            self._change("up", _NOTHING)
        loop = asyncio.get_running_loop()
        taken, moved = -1, loop.time()
        while not session.lost.done():
            await asyncio.wait({session.lost}, timeout=min(1.0, self.plan.stall_seconds / 4))
            now_taken = self._lane.bytes - session.unsent
            if now_taken != taken or not (session.unsent or self._lane.queue):
                taken, moved = now_taken, loop.time()
            elif loop.time() - moved >= self.plan.stall_seconds:
                session.abort()
                return Problem("runner.output_stalled", {"seconds": round(self.plan.stall_seconds, 1)})
        return session.lost.result()

    def _change(
        self, state: OutputStateName, problem: Problem, *, attempt: int = 0, retry_in: float | None = None
    ) -> None:
        if not (self.state in _NOT_UP and state in _NOT_UP):
            self._since = time.time()
        self.state, self.problem = state, problem
        self._report(
            OutputState(
                output=self.plan.id,
                state=state,
                code=problem.code,
                params=problem.params,
                detail=problem.detail,
                attempt=attempt,
                retry_in=retry_in,
            )
        )

    def _bitrate(self) -> float:
        now = time.monotonic()
        at, size, rate = self._rate
        if now - at >= 0.5:
            rate = (self._lane.bytes - size) * 8 / 1000 / (now - at) if at else 0.0
            self._rate = (now, self._lane.bytes, rate)
        return round(rate, 1)
