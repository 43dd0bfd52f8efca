"""Listen to what happens, and have it told. Runs beside the engine, which never waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import structlog

from castcore_core.core import Core
from castcore_core.db.outage import is_outage
from castcore_core.engine.board import PART, STATE, VERDICT, Board
from castcore_core.events.bus import RESYNC, Event, Subscription
from castcore_core.notifications.delivery import Configured
from castcore_core.notifications.event import HAPPENED, happening
from castcore_core.notifications.incident import Incidents, Pace, Told, from_json
from castcore_core.notifications.job import Jobs
from castcore_core.notifications.lane import Lane
from castcore_core.notifications.models import NotificationIncident, NotificationTarget
from castcore_core.notifications.outbox import Outbox
from castcore_core.notifications.survey import account, disk, plugins, source_name, storage, unused
from castcore_core.platforms.event import ACCOUNT
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.service import CHANNEL as PLUGINS

CHANNEL = "notifications"
"""Says ``{}`` after a target was made, changed or deleted."""

_STORAGE = "storage.state"
_CHANNELS = (*(f"{area}.*" for area in (HAPPENED, STATE, PART, VERDICT, _STORAGE)), ACCOUNT, PLUGINS, CHANNEL)
_LIMIT = 5000
"""Events that wait; of older ones only their outcome is read, from the board."""
_BATCH = 500
_TICK_S = 60.0
_SOON_S = 1.0
"""While it has to be told that something was left out."""
_OUTAGE_S = 2.0
_MOST_PENDING = 1000
_GRACE_S = 1.0

_log = structlog.get_logger(__name__)


class Watch:
    """All targets' lanes, and what feeds them."""

    def __init__(self, core: Core, configurations: Configured, pace: Pace | None = None) -> None:
        self.listening = asyncio.Event()
        """Set once nothing that happens is missed any more."""
        self._core = core
        self._configurations = configurations
        self._pace = pace or Pace()
        self._incidents = Incidents(self._pace)
        self._jobs = Jobs(self._incidents)
        self._outbox = Outbox(core)
        self._began = time.time()
        self._targets: dict[UUID, NotificationTarget] = {}
        self._lanes: dict[UUID, tuple[Lane, asyncio.Task[None]]] = {}
        self._pending: list[Told] = []
        self._ticked = 0.0
        self._stale = True
        """The targets have to be read again."""

    async def run(self) -> None:
        """Watch until cancelled; then every lane has ended."""
        try:
            async with self._core.bus.subscribe(*_CHANNELS, limit=_LIMIT) as events:
                await self._begin()
                self.listening.set()
                while True:
                    await self._round(events)
        finally:
            await self._end([*self._lanes.values()])

    async def _begin(self) -> None:
        """Know what was open in an earlier life, and how things are now."""
        for row in await NotificationIncident.all():
            incident = from_json(row.id, row.subject, row.kept, self._pace, time.time())
            if incident is not None:
                self._incidents.load((row.topic, row.subject), incident)
        self._pending += self._compare()

    async def _round(self, events: Subscription) -> None:
        """Take what waits, store what it comes to, wait for more."""
        if event := await _next(events, self._wait()):
            self._pending += await self._understand(event)
            for _ in range(_BATCH):
                if (event := events.take()) is None:
                    break
                self._pending += await self._understand(event)
        now = time.time()
        if now - self._ticked >= _TICK_S:
            self._ticked = now
            for found in await disk(self._core):
                self._pending += self._incidents.take(found, now)
        self._pending += self._incidents.due(now)
        try:
            await self._store()
        except Exception as error:  # the loop must outlive everything
            if not is_outage(error):
                _log.error("notifications not stored", exc_info=error)
            del self._pending[:-_MOST_PENDING]
            await asyncio.sleep(_OUTAGE_S)

    async def _store(self) -> None:
        if self._stale:
            await self._load_targets()
            self._stale = False
        if not (self._pending or self._incidents.changed or self._outbox.full):
            return
        told, self._pending = self._pending, []
        try:
            woken = await self._outbox.keep(told, self._targets, self._incidents)
        except BaseException:
            self._pending = told + self._pending
            raise
        for target_id in woken:
            self._lanes[target_id][0].wake()

    async def _understand(self, event: Event) -> list[Told]:
        """Take an event; one that another version has published in another shape is passed over."""
        try:
            if event.channel.startswith(f"{_STORAGE}."):
                return await self._storage(event.data)
            return self._take(event)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            _log.warning("event not understood", channel=event.channel, error=repr(error))
            return []

    def _take(self, event: Event) -> list[Told]:
        now = time.time()
        found: list[Told] = []
        if event.lost or event.channel == RESYNC:
            found += self._compare()
        area, _, job_id = event.channel.rpartition(".")
        if event.channel == CHANNEL:
            self._stale = True
        elif event.channel == PLUGINS:
            for lane, _ in self._lanes.values():
                lane.renew(lane.target)
            found += self._plugins(now)
        elif area == STATE:
            found += self._jobs.state(job_id, event.data, now)
        elif area == PART:
            found += self._jobs.part(job_id, event.data, now)
        elif area == VERDICT:
            found += self._jobs.verdict(job_id, event.data, now)
        elif event.channel == ACCOUNT:
            found += self._account(event.data, now)
        elif (what := happening(event.channel, event.data)) is not None:
            found += self._incidents.take(what, now)
        return found

    def _compare(self) -> list[Told]:
        now = time.time()
        statuses = self._core.get(Board).all()
        return [*self._jobs.compare(statuses, now, since=self._began), *self._plugins(now)]

    def _plugins(self, now: float) -> Iterator[Told]:
        host = self._core.get(PluginHost)
        for subject in unused(host):
            self._incidents.forget(subject)
        for found in plugins(host):
            yield from self._incidents.take(found, now)

    async def _storage(self, said: Mapping[str, Any]) -> list[Told]:
        if said["state"] == "unmounted":
            self._incidents.forget(said["source"])
        if (what := storage(said, await source_name(said["source"]))) is None:
            return []
        return list(self._incidents.take(what, time.time()))

    def _account(self, said: Mapping[str, Any], now: float) -> Iterator[Told]:
        if (what := account(said)) is not None:
            yield from self._incidents.take(what, now)
        elif said["state"] == "deleted":
            self._incidents.forget(said["account"])

    async def _load_targets(self) -> None:
        """Know the targets as they are, each with a lane while it is enabled."""
        rows: Mapping[UUID, NotificationTarget] = {row.id: row for row in await NotificationTarget.filter(enabled=True)}
        gone = self._lanes.keys() - rows.keys()
        for target_id in gone:
            self._outbox.forget(target_id)
        await self._end([self._lanes.pop(target_id) for target_id in gone], grace=0.0)
        for target_id, row in rows.items():
            if target_id not in self._lanes:
                lane = Lane(self._configurations, self._core.bus, row)
                self._lanes[target_id] = (lane, asyncio.create_task(lane.run(), name=f"notifications to {target_id}"))
            elif row.updated_at != self._lanes[target_id][0].target.updated_at:
                self._lanes[target_id][0].renew(row)
        self._targets = {target_id: lane.target for target_id, (lane, _) in self._lanes.items()}

    async def _end(self, lanes: list[tuple[Lane, asyncio.Task[None]]], *, grace: float = _GRACE_S) -> None:
        """End lanes; what is under way gets a moment, else it is sent again in the next life."""
        tasks = [task for _, task in lanes]
        for lane, _ in lanes:
            lane.end()
        if tasks and grace:
            await asyncio.wait(tasks, timeout=grace)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _wait(self) -> float:
        if self._pending or self._incidents.changed or self._stale:
            return 0.0
        longest = _SOON_S if self._outbox.full else _TICK_S
        due = self._incidents.next_due()
        return min(longest, max(0.0, due - time.time())) if due is not None else longest


async def _next(events: Subscription, seconds: float) -> Event | None:
    if (event := events.take()) is not None:
        # Others get their turn between two batches of a flood.
        await asyncio.sleep(0)
        return event
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await anext(events)
    return None
