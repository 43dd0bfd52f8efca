"""Jobs over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any
from uuid import UUID

from quart import Blueprint, Response
from quart_schema import tag_blueprint, validate_querystring, validate_request, validate_response

from castcore_core.accounts.actor import actor_role
from castcore_core.api.idempotency import idempotent
from castcore_core.api.page import Page
from castcore_core.api.precondition import etag_header, expectation
from castcore_core.api.rule import current_core
from castcore_core.destinations.schemas import DeletionQuery
from castcore_core.streams.command import Commands
from castcore_core.streams.input import shown_input
from castcore_core.streams.preview import Preview, PreviewRequest, preview_of, preview_subject
from castcore_core.streams.schemas import (
    DuplicationQuery,
    JobAnswer,
    JobCreation,
    JobPatch,
    JobQuery,
    OutputAnswer,
    StartQuery,
)
from castcore_core.streams.service import Jobs

blueprint = Blueprint("streams", __name__)
tag_blueprint(blueprint, ["stream-jobs"])

_SORTS = ("name", "created_at", "updated_at", "desired", "desired_at")
_PLAIN = (
    *("id", "name", "profile_id", "fallback", "restart", "recording", "autostart", "tags"),
    *("desired", "desired_at", "revision", "created_at", "updated_at"),
)

_Answer = tuple[JobAnswer, int, dict[str, str]]


@blueprint.get("/stream-jobs")
@validate_querystring(JobQuery)
@validate_response(Page[JobAnswer])
async def list_jobs(query_args: JobQuery) -> Page[JobAnswer]:
    """List the jobs."""
    order = query_args.order(_SORTS, "name")
    rows, total = await _jobs().find(
        _filters(query_args), order=order, limit=query_args.limit, offset=query_args.offset
    )
    return Page[JobAnswer].of([_answer(row) for row in rows], total, query_args)


@blueprint.post("/stream-jobs")
@idempotent
@validate_request(JobCreation)
@validate_response(JobAnswer, 201)
async def create_job(data: JobCreation) -> _Answer:
    """Keep a job, stopped."""
    job_id, key = await _jobs().create(data, actor_role())
    return await _created(job_id, key)


@blueprint.get("/stream-jobs/<uuid:job_id>")
@validate_response(JobAnswer)
async def get_job(job_id: UUID) -> _Answer:
    """Return one job."""
    return await _current(job_id)


@blueprint.patch("/stream-jobs/<uuid:job_id>")
@validate_request(JobPatch)
@validate_response(JobAnswer)
async def change_job(job_id: UUID, data: JobPatch) -> _Answer:
    """Change a job; on air, outputs change at once and all else with the next restart."""
    given = {key: getattr(data, key) for key in data.model_fields_set}
    key = await _jobs().change(job_id, given, expectation(), actor_role())
    return await _current(job_id, key)


@blueprint.delete("/stream-jobs/<uuid:job_id>")
@validate_querystring(DeletionQuery)
async def delete_job(job_id: UUID, query_args: DeletionQuery) -> Response:
    """Remove a job; with `force` also one that is on air, which is stopped."""
    await _jobs().delete(job_id, force=query_args.force)
    return Response(b"", 204)


@blueprint.post("/stream-jobs/<uuid:job_id>/duplicate")
@idempotent
@validate_querystring(DuplicationQuery)
@validate_response(JobAnswer, 201)
async def duplicate_job(job_id: UUID, query_args: DuplicationQuery) -> _Answer:
    """Copy a job; secrets are copied too, and stay masked."""
    copy_id, key = await _jobs().duplicate(job_id, query_args.name)
    return await _created(copy_id, key)


@blueprint.post("/stream-jobs/<uuid:job_id>/start")
@idempotent
@validate_querystring(StartQuery)
@validate_response(JobAnswer)
async def start_job(job_id: UUID, query_args: StartQuery) -> _Answer:
    """Put a job on air, or end its pause; nothing happens to one that is on air."""
    return await _commanded(job_id, _commands().start(job_id, actor_role(), override=query_args.override))


@blueprint.post("/stream-jobs/<uuid:job_id>/stop")
@idempotent
@validate_response(JobAnswer)
async def stop_job(job_id: UUID) -> _Answer:
    """Take a job off the air."""
    return await _commanded(job_id, _commands().stop(job_id))


@blueprint.post("/stream-jobs/<uuid:job_id>/restart")
@idempotent
@validate_querystring(StartQuery)
@validate_response(JobAnswer)
async def restart_job(job_id: UUID, query_args: StartQuery) -> _Answer:
    """Begin anew with what is kept now; destination sessions stay where the plan allows."""
    return await _commanded(job_id, _commands().restart(job_id, actor_role(), override=query_args.override))


@blueprint.post("/stream-jobs/<uuid:job_id>/pause")
@idempotent
@validate_response(JobAnswer)
async def pause_job(job_id: UUID) -> _Answer:
    """Show the slate and keep the sessions; `start` ends the pause."""
    return await _commanded(job_id, _commands().pause(job_id))


@blueprint.post("/ffmpeg/preview")
@validate_request(PreviewRequest)
@validate_response(Preview)
async def preview_job(data: PreviewRequest) -> Preview:
    """Show the arguments of every process that a job would run, secrets masked; nothing is started or touched."""
    subject = await preview_of(current_core(), data, actor_role())
    return await preview_subject(current_core(), subject)


def _jobs() -> Jobs:
    return current_core().get(Jobs)


def _commands() -> Commands:
    return current_core().get(Commands)


def _filters(query: JobQuery) -> dict[str, Any]:
    filters = {
        "name__icontains": query.q,
        "tag_index__contains": f"|{query.tag}|" if query.tag else None,
        "desired": query.desired,
        "source_kind": query.source,
        "outputs__destination_id": query.destination_id,
        "profile_id": query.profile_id,
        "autostart": query.autostart,
    }
    return {key: value for key, value in filters.items() if value is not None}


async def _commanded(job_id: UUID, command: Awaitable[None]) -> _Answer:
    await command
    return await _current(job_id)


async def _current(job_id: UUID, key: str | None = None) -> _Answer:
    row = await _jobs().get(job_id)
    return _answer(row, key), 200, etag_header(row["updated_at"])


async def _created(job_id: UUID, key: str | None) -> _Answer:
    answer, _, headers = await _current(job_id, key)
    return answer, 201, {"Location": f"/api/v1/stream-jobs/{job_id}", **headers}


def _answer(row: dict[str, Any], key: str | None = None) -> JobAnswer:
    # Without validation: the rows are ours, and lists are read often.
    source = shown_input(current_core().ring, row["id"], row["source"], row["source_secret"])
    outputs = [
        OutputAnswer.model_construct(
            id=each["id"],
            destination_id=each["destination_id"],
            destination_name=each["destination__name"],
            destination_type=each["destination__type"],
            destination_enabled=each["destination__enabled"],
            profile_id=each["profile_id"],
            enabled=each["enabled"],
        )
        for each in row["outputs"]
    ]
    return JobAnswer.model_construct(
        source=source | {"key": key} if key else source,
        profile_name=row["profile__name"],
        outputs=outputs,
        **{name: row[name] for name in _PLAIN},
    )
