"""Carry out the scans that wait, and those that are due: in the engine's process, one per source."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from tortoise.functions import Max

from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.db.outage import is_outage
from castcore_core.error import ConflictError
from castcore_core.media.models import Scan
from castcore_core.media.pool import Workers
from castcore_core.media.scan import SourceScan
from castcore_core.media.scans import PROGRESS, SHOWN, WANTED, Scans
from castcore_core.media.schemas import ScanAnswer
from castcore_core.media.shelf import Shelf
from castcore_core.storage.models import StorageSource
from castcore_core.storage.service import Storage
from castcore_sdk import CastCoreError

_AT_ONCE = 2
_POLL_S = 5.0
_KEPT = 50
"""Scans of a source that are remembered."""
_WARM_S = 2.0
"""Seconds after the start until a worker waits for the first probe: nothing slow is on the start's path."""

_log = structlog.get_logger(__name__)


class Scanner:
    """Carries out scans. One that an earlier life has begun is begun again and finds most of its work done."""

    def __init__(self, core: Core, shelf: Shelf) -> None:
        self._core = core
        self._shelf = shelf
        self._running: dict[UUID, asyncio.Task[None]] = {}

    async def keep(self) -> None:
        """Carry out scans until cancelled."""
        try:
            async with self._core.bus.subscribe(WANTED) as events:
                while True:
                    try:
                        await self._ask_for_due()
                        await self._begin_waiting()
                    except Exception as error:  # this loop must outlive everything
                        if not is_outage(error):
                            _log.error("scans not looked at", exc_info=error)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_POLL_S):
                            await anext(events)
                    while events.take() is not None:
                        pass
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _ask_for_due(self) -> None:
        """Ask for a scan of every source whose last one began longer ago than its interval."""
        sources = await StorageSource.filter(rescan_interval__isnull=False, mounted=True).values(
            "id", "rescan_interval"
        )
        if not sources:
            return
        rows = (
            await Scan.filter(source_id__in=[each["id"] for each in sources])
            .annotate(last=Max("created_at"))
            .group_by("source_id")
            .values("source_id", "last")
        )
        last = {row["source_id"]: row["last"] for row in rows}
        for each in sources:
            began = last.get(each["id"])
            if began is None or utc_now() - began >= timedelta(seconds=each["rescan_interval"]):
                with contextlib.suppress(ConflictError):  # one runs already
                    await self._core.get(Scans).ask(each["id"], "interval")

    async def _begin_waiting(self) -> None:
        room = _AT_ONCE - len(self._running)
        if room <= 0:
            return
        waiting = Scan.filter(active__isnull=False).exclude(id__in=list(self._running) or [UUID(int=0)])
        for row in await waiting.order_by("created_at").limit(room).values("id", "source_id"):
            task = asyncio.create_task(self._carry_out(row["id"], row["source_id"]), name=f"scan of {row['source_id']}")
            self._running[row["id"]] = task

    async def _carry_out(self, scan_id: UUID, source_id: UUID) -> None:
        try:
            await self._scan(scan_id, source_id)
        except Exception as error:  # most likely the database: it stays active and is begun again
            _log.warning("scan interrupted", source=str(source_id), error=type(error).__name__)
        finally:
            self._running.pop(scan_id, None)
        await self._core.bus.publish(WANTED, {"scan": str(scan_id)})

    async def _scan(self, scan_id: UUID, source_id: UUID) -> None:
        workers = self._core.get(Workers)
        began = time.monotonic()

        async def tell(state: str, counts: Mapping[str, int]) -> None:
            await self._note(scan_id, state=state, counts=dict(counts))

        scan = SourceScan(source_id, self._shelf, workers.back, workers.size, tell)
        ending: dict[str, Any] = {"state": "done"}
        await Scan.filter(id=scan_id, started_at__isnull=True).update(started_at=utc_now())
        try:
            await scan.run()
        except CastCoreError as error:
            ending = {"state": "failed", "code": error.code[:64], "params": dict(error.params)}
        except Exception as error:
            if not await StorageSource.exists(id=source_id):
                return  # it was deleted, and the scan with it
            _log.error("scan failed", source=str(source_id), exc_info=error)
            ending = {"state": "failed", "code": "media.scan_crashed"}
        await self._note(scan_id, **ending, counts=dict(scan.counts), active=None, ended_at=utc_now())
        _log.info("scanned", source=str(source_id), seconds=round(time.monotonic() - began, 1), **ending)
        await self._prune(source_id)

    async def _note(self, scan_id: UUID, **values: Any) -> None:
        await Scan.filter(id=scan_id).update(**values)
        rows = await Scan.filter(id=scan_id).values(*SHOWN)
        for row in rows:
            told = ScanAnswer.model_validate(row).model_dump(mode="json")
            await self._core.bus.publish(f"{PROGRESS}.{scan_id}", told)

    async def _prune(self, source_id: UUID) -> None:
        old = Scan.filter(source_id=source_id, active__isnull=True).order_by("-created_at").offset(_KEPT)
        ids = await old.limit(_KEPT).values_list("id", flat=True)
        if ids:
            await Scan.filter(id__in=list(ids)).delete()


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Carry out scans unless this process only serves the web; comes behind the engine, which holds its lock."""

    async def warm() -> None:
        await asyncio.sleep(_WARM_S)
        await core.get(Workers).front.warm()

    tasks = [asyncio.create_task(warm())]
    if core.configuration.role != "web":
        tasks.append(asyncio.create_task(Scanner(core, core.get(Storage)).keep(), name="scanner"))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
