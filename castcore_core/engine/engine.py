"""The control loop: compare what is wanted with what there is, at every wake and now and then."""

from __future__ import annotations

import asyncio
import contextlib
import time

import structlog

from castcore_core.db.outage import is_outage
from castcore_core.engine import link
from castcore_core.engine.board import ASK
from castcore_core.engine.conform import choices_of
from castcore_core.engine.desk import Desk
from castcore_core.engine.keeper import Keeper
from castcore_core.engine.outcome import last_outcomes
from castcore_core.events import Bus
from castcore_core.events.bus import Event
from castcore_core.runner.folder import RunFolder
from castcore_core.streams.desired import CHANNEL, jobs_wanted
from castcore_core.streams.models import StreamJob

_POLL_S = 2.0
_ORPHANS_S = 60.0
_SETTLE_S = 1.0
_LAST_WRITE_S = 0.3
_CANCEL_S = 0.1

_log = structlog.get_logger(__name__)


class Engine:
    """All jobs of this installation. Started once; :meth:`stop` leaves the streams running."""

    def __init__(self, desk: Desk, bus: Bus) -> None:
        self._desk = desk
        self._bus = bus
        self._keepers: dict[str, tuple[Keeper, asyncio.Task[None]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._looked_for_orphans = -_ORPHANS_S

    async def start(self) -> None:
        """Take up what is there, and return when that is known, after a second at most. Raises RunnerError."""
        RunFolder(self._desk.run, create=True).close()
        await self._desk.ledger.load()
        for page in self._desk.ledger.pages():
            if not page.outcome and page.state != "stopped":
                self._desk.planner.remember(page.job_id, choices_of(page.encoders))
        for status in await last_outcomes():
            self._desk.board.remember(status)
        await self._compare()
        self._tasks = [
            asyncio.create_task(self._loop(), name="engine"),
            asyncio.create_task(self._desk.ledger.keep(), name="ledger"),
        ]
        settled = [asyncio.create_task(keeper.settled.wait()) for keeper, _ in self._keepers.values()]
        if settled:
            await asyncio.wait(settled, timeout=_SETTLE_S)
        for task in settled:
            task.cancel()

    async def stop(self) -> None:
        """Let go of every runner and store what is known; the streams go on."""
        pending = {*self._tasks, *(task for _, task in self._keepers.values())}
        while pending:
            # Again and again: Python 3.11's wait_for swallows a cancellation that meets a result (CPython 37658).
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=_CANCEL_S)
        await asyncio.gather(*(keeper.let_go() for keeper, _ in self._keepers.values()), return_exceptions=True)
        try:
            await asyncio.wait_for(self._desk.ledger.write(), _LAST_WRITE_S)
        except Exception as error:  # not acknowledged, so the next life hears it again
            _log.warning("ledger not written at the stop", error=type(error).__name__)

    async def _loop(self) -> None:
        async with self._bus.subscribe(CHANNEL, ASK) as events:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_POLL_S):
                        event: Event | None = await anext(events)
                    while event is not None:
                        if event.channel == ASK:
                            self._desk.board.tell_all()
                        event = events.take()
                try:
                    await self._compare()
                except Exception as error:  # this loop must outlive everything
                    if is_outage(error):
                        _log.warning("database unavailable, jobs stay as they are", error=type(error).__name__)
                    else:
                        _log.error("jobs not compared", exc_info=error)

    async def _compare(self) -> None:
        """Tell every job's keeper what is wanted of it."""
        wanted = {job.id: job for job in await jobs_wanted()}
        now = time.monotonic()
        if now - self._looked_for_orphans >= _ORPHANS_S:
            self._looked_for_orphans = now
            left = await asyncio.to_thread(link.jobs_in, self._desk.run, wanted.keys() | self._keepers.keys())
            kept = await StreamJob.all().values_list("id", flat=True)
            self._desk.board.forget({str(each) for each in kept})
        else:
            left = set()
        for job_id, (_, task) in list(self._keepers.items()):
            if task.done():
                del self._keepers[job_id]
                self._desk.board.remove(job_id)
        for job_id in wanted.keys() | left | self._keepers.keys():
            self._keeper(job_id).want(wanted.get(job_id))

    def _keeper(self, job_id: str) -> Keeper:
        if job_id not in self._keepers:
            keeper = Keeper(job_id, self._desk)
            task = asyncio.create_task(keeper.run(), name=f"keeper of {job_id}")
            task.add_done_callback(lambda done: self._ended(job_id, done))
            self._keepers[job_id] = (keeper, task)
        return self._keepers[job_id][0]

    def _ended(self, job_id: str, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            _log.error("keeper failed", job=job_id, exc_info=error)
        if self._keepers.get(job_id, (None, None))[1] is task:
            del self._keepers[job_id]
            self._desk.board.remove(job_id)
