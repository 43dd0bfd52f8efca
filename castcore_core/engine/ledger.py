"""What is stored of each job: written once a second for all together, acknowledged to the runners afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from tortoise.transactions import in_transaction

from castcore_core.db import utc_now
from castcore_core.db.outage import is_outage
from castcore_core.engine.logbook import Logbook
from castcore_core.engine.models import EngineRun, StateChange
from castcore_core.engine.schemas import Params
from castcore_core.runner.error import RunnerError

_PACE_S = 1.0
_PRUNE_S = 3600.0
_KEPT = timedelta(days=30)
_MOST_A_MINUTE = 30
"""Changes of one job that are stored in a minute; the state itself always is."""
_MOST_WAITING = 200
_TOLD = ("process", "seq", "generation", "restarts", "outcome", "state", "code", "params", "attempts", "since")
_STORED = (*_TOLD, "encoders", "started_at")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state of the job (``subject`` empty), its ``source`` or an output."""

    subject: str
    state: str
    code: str
    params: Params
    at: float


@dataclass
class Page:
    """One job's page in the ledger."""

    job_id: str
    process: str = ""
    seq: int = 0
    """The last event that is stored."""
    generation: int = 0
    restarts: int = 0
    outcome: str = ""
    state: str = "stopped"
    code: str = ""
    params: Params = field(default_factory=dict)
    attempts: int = 0
    encoders: list[dict[str, Any]] = field(default_factory=list)
    """What the run is encoded with, as :class:`~castcore_core.engine.schemas.EncoderUse` has it."""
    since: datetime = field(default_factory=utc_now)
    started_at: datetime | None = None
    heard: int = 0
    """The last event that has come."""
    dirty: bool = False
    acknowledge: Callable[[int], Awaitable[None]] | None = None
    changes: list[Change] = field(default_factory=list)
    _acknowledged: int = 0
    _window: tuple[float, int] = (0.0, 0)

    def begin(self, process: str) -> None:
        """Turn to another runner; the same one goes on."""
        if process != self.process:
            self.process, self.seq = process, 0
            self.dirty = True
        self.heard, self._acknowledged = self.seq, 0

    def note(self, change: Change) -> None:
        """Keep a change, unless there are too many of them."""
        self.dirty = True
        begun, count = self._window
        if change.at - begun >= 60:
            begun, count = change.at, 0
        self._window = (begun, count + 1)
        if count < _MOST_A_MINUTE and len(self.changes) < _MOST_WAITING:
            self.changes.append(change)

    async def confirm(self, seq: int) -> None:
        """Tell the runner that its events up to ``seq`` are safe."""
        if seq <= self._acknowledged or self.acknowledge is None:
            return
        self._acknowledged = seq
        try:
            await self.acknowledge(seq)
        except RunnerError:
            self._acknowledged = 0


class Ledger:
    """The pages of all jobs."""

    def __init__(self, logbook: Logbook) -> None:
        self._logbook = logbook
        self._pages: dict[str, Page] = {}
        self._writing = asyncio.Lock()
        self._confirming: set[asyncio.Task[None]] = set()
        self._pruned = time.monotonic()

    async def load(self) -> None:
        """Read what was stored in an earlier life."""
        for row in await EngineRun.all():
            values = {name: getattr(row, name) for name in _STORED}
            self._pages[str(row.job_id)] = Page(str(row.job_id), **values)

    def pages(self) -> list[Page]:
        """Return all pages."""
        return list(self._pages.values())

    def page(self, job_id: str) -> Page:
        """Return the page of a job, a new one where it has none."""
        return self._pages.setdefault(job_id, Page(job_id))

    async def write(self) -> None:
        """Store everything that has changed, then acknowledge it. Raises what the database raises; nothing is lost."""
        async with self._writing:
            heard = {page.job_id: page.heard for page in self._pages.values()}
            await self._logbook.write()
            dirty = [page for page in self._pages.values() if page.dirty]
            if dirty:
                await self._store(dirty, heard)
        for page in self._pages.values():
            if page.acknowledge is not None and heard.get(page.job_id):
                task = asyncio.create_task(page.confirm(heard[page.job_id]))
                self._confirming.add(task)
                task.add_done_callback(self._confirming.discard)

    async def keep(self) -> None:
        """Write once a second until cancelled; an outage of the database is waited out."""
        failing = False
        while True:
            await asyncio.sleep(_PACE_S)
            try:
                await self.write()
                if time.monotonic() - self._pruned > _PRUNE_S:
                    self._pruned = time.monotonic()
                    await StateChange.filter(at__lt=utc_now() - _KEPT).delete()
                failing = False
            except Exception as error:
                if not is_outage(error):
                    _log.error("ledger not written", exc_info=error)
                elif not failing:
                    _log.warning("database unavailable, the ledger waits", error=type(error).__name__)
                failing = True

    async def _store(self, pages: list[Page], heard: dict[str, int]) -> None:
        rows, changes, taken = [], [], []
        for page in pages:
            page.dirty, page.seq = False, max(page.seq, heard[page.job_id])
            rows.append(EngineRun(job_id=UUID(page.job_id), **{name: getattr(page, name) for name in _STORED}))
            taken.append((page, len(page.changes)))
            changes += [_row(page.job_id, change) for change in page.changes]
        try:
            async with in_transaction():
                await EngineRun.bulk_create(rows, on_conflict=["job_id"], update_fields=list(_STORED))
                if changes:
                    await StateChange.bulk_create(changes)
        except BaseException:
            for page in pages:
                page.dirty = True
            raise
        for page, count in taken:
            del page.changes[:count]


def _row(job_id: str, change: Change) -> StateChange:
    return StateChange(
        job_id=UUID(job_id),
        subject=change.subject,
        state=change.state,
        code=change.code,
        params=change.params,
        at=datetime.fromtimestamp(change.at, UTC),
    )
