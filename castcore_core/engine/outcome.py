"""A run that is over for good: its job is wanted no more, and how it went stays visible."""

from __future__ import annotations

from uuid import UUID

from castcore_core.engine.health import judge
from castcore_core.engine.models import EngineRun
from castcore_core.engine.picture import Picture
from castcore_core.engine.schemas import JobStateName, JobStatus, Params, Problem
from castcore_core.streams.models import StreamJob


async def settle(job_id: str, generation: int, restarts: int) -> None:
    """Want the job no more, unless somebody has started or restarted it meanwhile; may be called again."""
    over = StreamJob.filter(id=UUID(job_id), generation=generation, restarts=restarts).exclude(desired="stopped")
    await over.update(desired="stopped")


async def last_outcomes() -> list[JobStatus]:
    """Return the status of every stopped job whose last run ended by itself or was given up."""
    jobs = StreamJob.filter(desired="stopped")
    known = {row["id"]: row for row in await jobs.values("id", "name", "generation")}
    return [
        _status(row, known[row.job_id]["name"])
        for row in await EngineRun.exclude(outcome="")
        if row.job_id in known and known[row.job_id]["generation"] == row.generation
    ]


def told_before(code: str, params: Params) -> tuple[Problem, Problem | None]:
    """Return the reason of a state as it is stored, and what lay behind it."""
    reason = params.get("reason")
    return Problem(code=code, params=params), Problem(code=str(reason)) if reason else None


def _status(row: EngineRun, name: str) -> JobStatus:
    state: JobStateName = "failed" if row.outcome == "failed" else "stopped"
    problem, cause = told_before(row.code, row.params)
    return JobStatus(
        job_id=str(row.job_id),
        name=name,
        state=state,
        since=row.since.timestamp(),
        code=row.code,
        params=row.params,
        cause=cause,
        attempt=row.attempts,
        health=judge(state, problem, Picture()),
    )
