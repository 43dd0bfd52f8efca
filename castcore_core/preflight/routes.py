"""Preflights and dry runs over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from quart import Blueprint, Response
from quart_schema import tag_blueprint, validate_querystring, validate_request, validate_response

from castcore_core.api.idempotency import idempotent
from castcore_core.api.page import Page
from castcore_core.api.rule import current_core
from castcore_core.api.sse import send_events
from castcore_core.preflight.dry_run import DryRuns
from castcore_core.preflight.schemas import (
    DryRunAnswer,
    DryRunRequest,
    HistoryQuery,
    PreflightQuery,
    ReportAnswer,
)
from castcore_core.preflight.service import Preflights

blueprint = Blueprint("preflight", __name__)
tag_blueprint(blueprint, ["preflight"])


@blueprint.post("/stream-jobs/<uuid:job_id>/preflight")
@idempotent
@validate_querystring(PreflightQuery)
@validate_response(ReportAnswer, 200)
@validate_response(ReportAnswer, 202)
async def begin_preflight(job_id: UUID, query_args: PreflightQuery) -> tuple[ReportAnswer, int, dict[str, str]]:
    """Look at a job before it goes on air; `/sse/preflight/{id}` tells each line as it is known."""
    report_id = await _service().begin(job_id)
    if query_args.wait:
        return _answer(await _service().wait(job_id, report_id)), 200, {}
    location = {"Location": f"/api/v1/sse/preflight/{report_id}"}
    return _answer(await _service().get(report_id)), 202, location


@blueprint.get("/stream-jobs/<uuid:job_id>/preflight")
@validate_querystring(HistoryQuery)
@validate_response(Page[ReportAnswer])
async def list_preflights(job_id: UUID, query_args: HistoryQuery) -> Page[ReportAnswer]:
    """List the reports of a job, the newest first."""
    newest_first = query_args.order(("created_at",), "-created_at")[0] != "created_at"
    rows, total = await _service().history(
        job_id, newest_first=newest_first, limit=query_args.limit, offset=query_args.offset
    )
    return Page[ReportAnswer].of([_answer(row) for row in rows], total, query_args)


@blueprint.get("/sse/preflight/<uuid:report_id>")
async def follow_preflight(report_id: UUID) -> Response:
    """Tell each line of a preflight (`check`) and its end (`report`), also those that have passed."""
    return send_events(current_core(), await _service().follow(report_id))


@blueprint.post("/stream-jobs/<uuid:job_id>/dry-run")
@idempotent
@validate_request(DryRunRequest)
@validate_response(DryRunAnswer)
async def dry_run(job_id: UUID, data: DryRunRequest) -> DryRunAnswer:
    """Encode a job without publishing, and measure what the machine makes of it."""
    return await current_core().get(DryRuns).run(job_id, data.seconds)


def _service() -> Preflights:
    return current_core().get(Preflights)


def _answer(row: dict[str, Any]) -> ReportAnswer:
    return ReportAnswer.model_validate(row)
