"""Ask platforms what they make of the broadcasts on air, and hand over to a new one before the platform ends it.

One task for each output that is on air; nothing of the engine waits for any of them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Literal

import structlog

from castcore_core.db import utc_now
from castcore_core.db.outage import is_outage
from castcore_core.engine.desk import Desk
from castcore_core.engine.observer import Observer
from castcore_core.engine.schemas import Issue, Verdict, VerdictPhase
from castcore_core.streams.broadcast import Broadcast
from castcore_sdk import BroadcastPhase, BroadcastStatus, CastCoreError, Severity
from castcore_sdk.errors import AuthenticationError, NotFoundError, TemporaryError

_TURN_S = 1.0
_SOONEST_S = 0.2
_IDLE_S = 60.0
_SLOWEST_S = 300.0
_SETTLED_S = 3.0
"""An output is so long on its new broadcast before the old one is closed."""
_MARGIN = 0.05
_LONGEST_MARGIN = timedelta(minutes=15)
_AGAIN_S = 30.0
_ENDED_ANSWERS = 2
"""So many times in a row a platform says that a broadcast has ended before that is believed."""
_REOPENINGS = 3
_REOPENED_WITHIN_S = 3600.0
_CODES = {
    "ready": "platforms.ready",
    "live": "platforms.live",
    "ended": "platforms.ended",
    "rejected": "platforms.rejected",
}
_SEVERITIES: Mapping[Severity, Literal["warning", "error"]] = {Severity.WARNING: "warning", Severity.ERROR: "error"}

_log = structlog.get_logger(__name__)


class BroadcastWatch:
    """The broadcasts of one job; ``sent`` tells the revision with which an output is on air, None while it is not."""

    def __init__(self, desk: Desk, observer: Observer, sent: Callable[[str], str | None]) -> None:
        self._desk = desk
        self._observer = observer
        self._sent = sent
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def follow(self, outputs: Collection[str]) -> None:
        """Watch these outputs and no others."""
        for output_id in self._tasks.keys() - set(outputs):
            self._tasks.pop(output_id).cancel()
        for output_id in outputs:
            if output_id not in self._tasks:
                watcher = _Watcher(self._desk, self._observer, self._sent, output_id)
                self._tasks[output_id] = asyncio.create_task(watcher.run(), name=f"broadcast of {output_id}")

    async def stop(self) -> None:
        """Watch nothing any more; calls that are under way are left to the guard."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Watcher:
    """One output."""

    def __init__(self, desk: Desk, observer: Observer, sent: Callable[[str], str | None], output_id: str) -> None:
        self._desk = desk
        self._observer = observer
        self._sent = sent
        self._id = output_id
        self._asked = -_SLOWEST_S
        self._wait = 0.0
        self._ended = 0
        self._settled: tuple[str, float] = ("", 0.0)
        self._tried = -_AGAIN_S
        self._reopened: list[float] = []

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            try:
                wait = await self._look()
            except CastCoreError as error:
                wait = self._failed(error)
            except Exception as error:  # an outage of the database, for instance, ends no watching
                _log.warning("broadcast not looked at", error=type(error).__name__, exc_info=not is_outage(error))
                wait = _AGAIN_S
            await asyncio.sleep(max(_SOONEST_S, wait))

    async def _look(self) -> float:
        output = self._observer.picture.outputs.get(self._id)
        if output is None or output.state != "running":
            self._observer.judge(self._id, None)
            return _TURN_S
        broadcast = await self._desk.broadcasts.find(self._id)
        if broadcast is None:
            return _TURN_S
        await self._settle(broadcast)
        if await self._roll_over(broadcast):
            return _TURN_S
        if broadcast.status_interval is not None and time.monotonic() - self._asked >= self._wait:
            await self._ask(broadcast, broadcast.status_interval)
        return self._due(broadcast)

    async def _settle(self, broadcast: Broadcast) -> None:
        """Close the broadcast before, once the output has been on this one for a moment."""
        if self._sent(self._id) != broadcast.revision:
            self._settled = ("", 0.0)
            return
        now = time.monotonic()
        if self._settled[0] != broadcast.revision:
            self._settled = (broadcast.revision, now)
        if broadcast.retired is not None and now - self._settled[1] >= _SETTLED_S:
            await self._desk.broadcasts.retire(self._id)

    async def _roll_over(self, broadcast: Broadcast) -> bool:
        due = _rollover_in(broadcast)
        if due is None or due > 0 or broadcast.max_duration is None or time.monotonic() - self._tried < _AGAIN_S:
            return False
        hours = round(broadcast.max_duration.total_seconds() / 3600, 1)
        return await self._renew("platforms.rolled_over", hours=hours)

    async def _renew(self, code: str, **params: float) -> bool:
        self._tried = time.monotonic()
        name = self._observer.name_of(self._id)
        try:
            done = await self._desk.broadcasts.renew(self._id)
        except CastCoreError as error:
            self._observer.say("warning", "platforms.rollover_failed", {"output": name, "reason": error.code})
            return False
        if done:
            self._observer.say("info", code, {"output": name, **params})
            self._tried, self._ended, self._asked = -_AGAIN_S, 0, -_SLOWEST_S
        return done

    async def _ask(self, broadcast: Broadcast, interval: timedelta) -> None:
        self._asked, self._wait = time.monotonic(), min(interval.total_seconds(), _SLOWEST_S)
        try:
            status = await self._desk.broadcasts.status(self._id, broadcast.reference)
        except NotFoundError:
            status = BroadcastStatus(phase=BroadcastPhase.ENDED)
        self._observer.judge(self._id, _verdict(status))
        self._ended = self._ended + 1 if status.phase is BroadcastPhase.ENDED else 0
        if self._ended >= _ENDED_ANSWERS and self._sent(self._id) == broadcast.revision:
            await self._reopen()

    async def _reopen(self) -> None:
        """Go on in a new broadcast, unless an admin forbids it or the platform ends them all."""
        now = time.monotonic()
        self._reopened = [each for each in self._reopened if now - each < _REOPENED_WITHIN_S]
        forbidden = not (await self._desk.settings.read()).reopen_broadcasts
        if forbidden or len(self._reopened) >= _REOPENINGS or now - self._tried < _AGAIN_S:
            return
        if await self._renew("platforms.reopened"):
            self._reopened.append(now)

    def _failed(self, error: CastCoreError) -> float:
        """Say that the platform cannot be asked, and return the seconds until the next question."""
        self._observer.judge(self._id, Verdict(code=error.code, params=dict(error.params), severity="warning"))
        named = error.retry_after.total_seconds() if isinstance(error, TemporaryError) and error.retry_after else 0.0
        least = _IDLE_S if isinstance(error, AuthenticationError) else min(_SLOWEST_S, max(_TURN_S, self._wait * 2))
        self._asked, self._wait = time.monotonic(), max(named, least)
        return min(self._wait, _IDLE_S)

    def _due(self, broadcast: Broadcast) -> float:
        dues = [_IDLE_S]
        if broadcast.status_interval is not None:
            dues.append(self._asked + self._wait - time.monotonic())
        if (due := _rollover_in(broadcast)) is not None:
            dues.append(due if due > 0 else self._tried + _AGAIN_S - time.monotonic())
        if broadcast.retired is not None:
            dues.append(_TURN_S)
        return min(dues)


def _rollover_in(broadcast: Broadcast) -> float | None:
    """Return the seconds until a broadcast has to be handed over; None: never."""
    if broadcast.max_duration is None:
        return None
    margin = min(broadcast.max_duration * _MARGIN, _LONGEST_MARGIN)
    return (broadcast.opened_at + broadcast.max_duration - margin - utc_now()).total_seconds()


def _verdict(status: BroadcastStatus) -> Verdict:
    phase: VerdictPhase = status.phase.value
    issues = [
        Issue(code=each.code, severity=_SEVERITIES[each.severity], params=dict(each.params))
        for each in status.issues
        if each.severity in _SEVERITIES
    ]
    issues.sort(key=lambda each: each.severity != "error")
    over = phase in ("ended", "rejected")
    worst = issues[0] if issues and not over else None
    return Verdict(
        phase=phase,
        severity="error" if over else worst.severity if worst else "ok",
        code=worst.code if worst else _CODES[phase],
        params=worst.params if worst else {},
        issues=issues,
        viewers=status.viewers,
        watch_url=status.watch_url,
        checked_at=time.time(),
    )
