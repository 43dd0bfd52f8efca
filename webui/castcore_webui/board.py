"""The states of jobs as a page begins with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from castcore_core.api.rule import current_core
from castcore_core.engine.board import Board
from castcore_core.engine.schemas import JobStatus

STATES = ("running", "degraded", "fallback", "reconnecting", "starting", "paused", "stopping", "stopped", "failed")
"""In the order of the filter."""

Group = Literal["trouble", "air", "stopped"]
_TROUBLE = frozenset({"degraded", "fallback", "reconnecting", "failed"})


def statuses() -> dict[str, JobStatus]:
    """Return the status of every job that the engine knows, by job id; empty where there is no engine."""
    try:
        board = current_core().get(Board)
    except LookupError:
        return {}
    return {status.job_id: status for status in board.all()}


def with_status(jobs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return jobs with their ``status``; one that the engine does not know is stopped, or about to start."""
    known = statuses()
    return [{**job, "status": (known.get(job["id"]) or _begun(job)).model_dump(mode="json")} for job in jobs]


def grouped(jobs: Iterable[dict[str, Any]]) -> dict[Group, list[dict[str, Any]]]:
    """Return the jobs of each group: what needs somebody, what runs, what rests."""
    found: dict[Group, list[dict[str, Any]]] = {"trouble": [], "air": [], "stopped": []}
    for job in jobs:
        found[group_of(job["status"]["state"])].append(job)
    return found


def group_of(state: str) -> Group:
    """Return where a state belongs."""
    if state in _TROUBLE:
        return "trouble"
    return "stopped" if state == "stopped" else "air"


def _begun(job: Mapping[str, Any]) -> JobStatus:
    state: Literal["stopped", "starting"] = "stopped" if job["desired"] == "stopped" else "starting"
    return JobStatus(job_id=job["id"], name=job["name"], desired=job["desired"], state=state)
