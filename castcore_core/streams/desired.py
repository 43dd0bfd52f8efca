"""What is wanted on air: written by commands, made true by the engine.

The engine calls :func:`jobs_wanted` at every wake on :data:`CHANNEL` and now and then; what is not in the answer is to
be stopped. ``revisions`` are compared with those in the running plan:

===================  ========================================================================================
key                  where it differs
===================  ========================================================================================
an output's id       this output is added, removed or sent again (live)
``job``              source, fallback or recording changed: ``pending_restart``, nothing on air is touched
``profile``          the profile changed or is another one: ``pending_restart``
``restarts``         a restart was asked for: the runner is replaced
``generation``       stopped and started meanwhile: the runner is replaced
===================  ========================================================================================
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast
from uuid import UUID

from castcore_core.events import Bus
from castcore_core.streams.definition import Restart
from castcore_core.streams.models import JobOutput, StreamJob

CHANNEL = "streams.desired"
"""Says ``{"job": ID}`` after every change of what is wanted; read :func:`jobs_wanted` again. ``job`` may be ``*``."""

DesiredState = Literal["stopped", "running", "paused"]

_JOB = (
    *("id", "name", "desired", "generation", "restarts", "revision", "restart", "autostart"),
    *("profile_id", "profile__revision", "desired_at"),
)
_OUTPUT = (
    *("id", "job_id", "revision", "enabled", "destination_id", "destination__name", "destination__revision"),
    *("destination__enabled", "destination__type", "profile_id", "profile__revision", "rollovers"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedOutput:
    """One destination that is wanted on air."""

    id: str
    name: str
    type: str
    destination_id: str
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedJob:
    """One job that is wanted on air or paused."""

    id: str
    name: str
    desired: DesiredState
    generation: int
    restarts: int
    restart: Restart
    autostart: bool
    outputs: tuple[WantedOutput, ...]
    revisions: Mapping[str, str]
    """What the plan is made from, as it is now; stands as ``JobPlan.revisions`` in the plan."""


async def jobs_wanted() -> list[WantedJob]:
    """Return every job that is wanted on air or paused, by name; two queries whatever their number."""
    return await _wanted(await StreamJob.exclude(desired="stopped").order_by("name").values(*_JOB))


async def job_wanted(job_id: str | UUID) -> WantedJob | None:
    """Return one job in the same form, also a stopped one; None where there is none."""
    found = await _wanted(await StreamJob.filter(id=job_id).values(*_JOB))
    return found[0] if found else None


async def wake(bus: Bus, job_id: str | UUID | Literal["*"]) -> None:
    """Tell the engine that what is wanted has changed."""
    await bus.publish(CHANNEL, {"job": str(job_id)})


async def outputs_of(job_ids: Iterable[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Return the outputs of jobs, in their order, with one query."""
    ids = list(job_ids)
    rows = await JobOutput.filter(job_id__in=ids).order_by("position", "id").values(*_OUTPUT) if ids else []
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["job_id"]].append(row)
    return found


def output_revision(row: Mapping[str, Any]) -> str:
    """Return what changes whenever the output would be another one."""
    profile = f"{row['profile_id']}:{row['profile__revision']}" if row["profile_id"] else "-"
    # Only where there is one: what is on air under an older version's revision stays as it is.
    rollover = f":{row['rollovers']}" if row["rollovers"] else ""
    return f"{row['destination_id']}:{row['destination__revision']}:{row['revision']}:{profile}{rollover}"


async def revision_of_output(output_id: UUID) -> str:
    """Return the revision that an output has now, empty where it is deleted."""
    rows = await JobOutput.filter(id=output_id).values(*_OUTPUT)
    return output_revision(rows[0]) if rows else ""


def profile_revision(row: Mapping[str, Any]) -> str:
    """Return what changes whenever a job's profile would encode another thing."""
    return f"{row['profile_id']}:{row['profile__revision']}" if row["profile_id"] else "default"


async def _wanted(rows: list[dict[str, Any]]) -> list[WantedJob]:
    outputs = await outputs_of(row["id"] for row in rows)
    return [_job(row, outputs.get(row["id"], [])) for row in rows]


def _job(row: Mapping[str, Any], outputs: list[dict[str, Any]]) -> WantedJob:
    wanted = tuple(
        WantedOutput(
            id=str(each["id"]),
            name=each["destination__name"],
            type=each["destination__type"],
            destination_id=str(each["destination_id"]),
            revision=output_revision(each),
        )
        for each in outputs
        if each["enabled"] and each["destination__enabled"]
    )
    revisions = {
        "job": str(row["revision"]),
        "profile": profile_revision(row),
        "generation": str(row["generation"]),
        "restarts": str(row["restarts"]),
    }
    return WantedJob(
        id=str(row["id"]),
        name=row["name"],
        desired=cast(DesiredState, row["desired"]),
        generation=row["generation"],
        restarts=row["restarts"],
        restart=Restart.model_validate(row["restart"]),
        autostart=row["autostart"],
        outputs=wanted,
        revisions=revisions | {each.id: each.revision for each in wanted},
    )
