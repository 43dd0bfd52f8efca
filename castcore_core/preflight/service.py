"""Run preflights, keep their reports, and guard the start where an admin wants that."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from castcore_core.accounts.role import Role
from castcore_core.api.sse import EventLog
from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.error import ConflictError, ForbiddenError
from castcore_core.preflight.check import Check, stop, worst
from castcore_core.preflight.examination import Examination
from castcore_core.preflight.models import PreflightReport
from castcore_core.settings import Settings
from castcore_core.streams.desired import WantedJob, job_wanted
from castcore_core.streams.subject import read_subject
from castcore_sdk import CastCoreError
from castcore_sdk.errors import NotFoundError

_log = structlog.get_logger(__name__)

FRESH = timedelta(minutes=15)
_KEPT_REPORTS = 20
_KEPT_LOGS = 100
_LONGEST_S = 40.0


class Preflights:
    """Preflights of all jobs; those of this life are followed live, all others are replayed from their reports."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._audit = core.get(Audit)
        self._logs: OrderedDict[UUID, EventLog] = OrderedDict()
        self._running: dict[UUID, tuple[UUID, asyncio.Task[None]]] = {}
        self._beginning = asyncio.Lock()

    async def begin(self, job_id: UUID) -> UUID:
        """Begin to look at a job and return the report's id; one that is under way is joined.

        Raises NotFoundError ``streams.not_found``.
        """
        async with self._beginning:
            if job_id in self._running:
                return self._running[job_id][0]
            return await self._begin(job_id)

    async def wait(self, job_id: UUID, report_id: UUID) -> dict[str, Any]:
        """Return the report when it is finished."""
        found = self._running.get(job_id)
        if found is not None and found[0] == report_id:
            await asyncio.wait({found[1]})
        return await self.get(report_id)

    async def get(self, report_id: UUID) -> dict[str, Any]:
        """Return one report. Raises NotFoundError ``preflight.not_found``."""
        rows = await PreflightReport.filter(id=report_id).values()
        if not rows:
            raise NotFoundError("preflight.not_found")
        wanted = await job_wanted(rows[0]["job_id"])
        return self._answer(rows[0], wanted)

    async def history(
        self, job_id: UUID, *, newest_first: bool, limit: int, offset: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Return the reports of a job and how many there are. Raises NotFoundError ``streams.not_found``."""
        wanted = await job_wanted(job_id)
        if wanted is None:
            raise NotFoundError("streams.not_found")
        query = PreflightReport.filter(job_id=job_id)
        order = ("-created_at", "-id") if newest_first else ("created_at", "id")
        rows = await query.order_by(*order).limit(limit).offset(offset).values()
        return [self._answer(row, wanted) for row in rows], await query.count()

    async def follow(self, report_id: UUID) -> EventLog:
        """Return the events of a preflight: ``check`` for each line, then ``report``. Raises NotFoundError."""
        if report_id in self._logs:
            return self._logs[report_id]
        report = await self.get(report_id)
        log = EventLog()
        for check in report["checks"]:
            log.append("check", check)
        log.append("report", _summary(report["id"], report["state"], report["level"], report["can_start"]))
        log.finish()
        return log

    async def guard_start(self, job_id: UUID, role: Role, *, override: bool) -> None:
        """Keep a job off the air whose report is red, where the setting wants that; an admin may override it.

        An examination that came to no end is no better. Raises ConflictError ``preflight.red`` or
        ``preflight.unfinished`` with the report's id, ForbiddenError ``auth.forbidden``.
        """
        if not (await self._core.get(Settings).read()).preflight_gate:
            return
        rows, _ = await self.history(job_id, newest_first=True, limit=1, offset=0)
        report = rows[0] if rows and rows[0]["state"] == "done" and not rows[0]["stale"] else None
        if report is None:
            report = await self.wait(job_id, await self.begin(job_id))
        if report["level"] in ("green", "yellow"):
            return
        target = Target("stream_job", job_id)
        if not override:
            code = "preflight.red" if report["level"] == "red" else "preflight.unfinished"
            raise ConflictError(code, params={"report": str(report["id"])})
        if role < Role.ADMIN:
            await self._audit.record_refusal("preflight.override", "role", target=target)
            raise ForbiddenError("auth.forbidden", params={"needs": Role.ADMIN.title})
        await self._audit.record("preflight.overridden", target=target, params={"report": str(report["id"])})

    async def aclose(self) -> None:
        """End what is under way."""
        tasks = [task for _, task in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _begin(self, job_id: UUID) -> UUID:
        wanted = await job_wanted(job_id)
        if wanted is None:
            raise NotFoundError("streams.not_found")
        report = await PreflightReport.create(
            job_id=job_id, state="running", server=self._core.life, checks=[], revisions=dict(wanted.revisions)
        )
        self._logs[report.id] = EventLog()
        while len(self._logs) > _KEPT_LOGS:
            self._logs.popitem(last=False)
        task = asyncio.create_task(self._carry_out(report.id, wanted), name="preflight")
        self._running[job_id] = (report.id, task)
        task.add_done_callback(lambda _: self._running.pop(job_id, None))
        return report.id

    async def _carry_out(self, report_id: UUID, wanted: WantedJob) -> None:
        log, checks, state = self._logs[report_id], list[Check](), "failed"
        try:
            async with asyncio.timeout(_LONGEST_S):
                subject = await read_subject(self._core, wanted.id, wanted.revisions)
                async for check in Examination(self._core, subject, on_air=wanted.desired != "stopped").run():
                    checks.append(check)
                    log.append("check", check.to_json())
            state = "done"
        except TimeoutError:
            checks.append(stop("preflight.timeout", "plan", seconds=round(_LONGEST_S)))
        except CastCoreError as error:
            # What cannot be read, such as secrets of another key ring, keeps the job from starting too.
            checks.append(stop(error.code, "plan", **error.params))
            state = "done"
        except Exception:
            _log.exception("preflight failed")
        finally:
            await asyncio.shield(self._finish(report_id, wanted, state, checks, log))

    async def _finish(self, report_id: UUID, wanted: WantedJob, state: str, checks: list[Check], log: EventLog) -> None:
        level = worst(checks)
        can_start = not any(each.blocking for each in checks) if state == "done" else None
        await PreflightReport.filter(id=report_id).update(
            state=state,
            level=level if state == "done" else None,
            can_start=can_start,
            checks=[each.to_json() for each in checks],
            finished_at=utc_now(),
        )
        log.append("report", _summary(report_id, state, level if state == "done" else None, can_start))
        log.finish()
        rows = await PreflightReport.filter(job_id=wanted.id).order_by("-created_at").offset(_KEPT_REPORTS).values("id")
        await PreflightReport.filter(id__in=[row["id"] for row in rows]).delete()

    def _answer(self, row: Mapping[str, Any], wanted: WantedJob | None) -> dict[str, Any]:
        state = row["state"]
        if state == "running" and row["server"] != self._core.life and self._core.configuration.role == "all":
            state = "failed"
        return {
            **{key: row[key] for key in ("id", "job_id", "level", "can_start", "checks", "created_at", "finished_at")},
            "state": state,
            "stale": wanted is None or _is_stale(row["revisions"], row["created_at"], wanted.revisions),
        }


def _is_stale(then: Mapping[str, str], at: datetime, now: Mapping[str, str]) -> bool:
    counters = {"generation", "restarts"}
    differs = {key: value for key, value in then.items() if key not in counters} != {
        key: value for key, value in now.items() if key not in counters
    }
    return differs or utc_now() - at > FRESH


def _summary(report_id: UUID, state: str, level: str | None, can_start: bool | None) -> dict[str, Any]:
    return {"id": str(report_id), "state": state, "level": level, "can_start": can_start}


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Provide :class:`Preflights` and :class:`DryRuns`."""
    from castcore_core.preflight.dry_run import DryRuns

    preflights = Preflights(core)
    dry_runs = DryRuns(core)
    await asyncio.to_thread(dry_runs.clear)
    core.provide(preflights)
    core.provide(dry_runs)
    try:
        yield
    finally:
        await preflights.aclose()
