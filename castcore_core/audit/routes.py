"""The log over HTTP."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

from quart import Blueprint, Response
from quart_schema import tag_blueprint, validate_querystring, validate_response

from castcore_core.api.page import Page
from castcore_core.api.rule import current_core
from castcore_core.audit.schemas import AuditAnswer, AuditQuery, ExportQuery
from castcore_core.audit.service import Audit, Filter

blueprint = Blueprint("audit", __name__)
tag_blueprint(blueprint, ["audit"])

_BATCH = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@blueprint.get("/audit")
@validate_querystring(AuditQuery)
@validate_response(Page[AuditAnswer])
async def list_entries(query_args: AuditQuery) -> Page[AuditAnswer]:
    """List what was done and tried, the newest first."""
    audit, wanted = current_core().get(Audit), query_args.wanted()
    newest_first = query_args.order(("at",), "-at")[0] != "at"
    rows = await audit.find(wanted, limit=query_args.limit, offset=query_args.offset, newest_first=newest_first)
    items = [AuditAnswer.model_construct(**row) for row in rows]
    return Page[AuditAnswer].of(items, await audit.count(wanted), query_args)


@blueprint.get("/audit/export")
@validate_querystring(ExportQuery)
async def export(query_args: ExportQuery) -> Response:
    """Return the whole log, or what fits the filters, as JSON lines or CSV, the oldest first."""
    await current_core().get(Audit).record("audit.exported", params={"format": query_args.format})
    wanted = query_args.wanted()
    if query_args.format == "csv":
        response = Response(_csv(current_core().get(Audit), wanted), content_type="text/csv; charset=utf-8")
    else:
        response = Response(_lines(current_core().get(Audit), wanted), content_type="application/jsonl; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="castcore-audit.{query_args.format}"'
    response.timeout = None
    return response


async def _rows(audit: Audit, wanted: Filter) -> AsyncIterator[dict[str, Any]]:
    after = 0
    while rows := await audit.after(wanted, after, _BATCH):
        for row in rows:
            yield AuditAnswer.model_construct(**row).model_dump(mode="json")
        after = rows[-1]["id"]


async def _lines(audit: Audit, wanted: Filter) -> AsyncIterator[bytes]:
    async for row in _rows(audit, wanted):
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


async def _csv(audit: Audit, wanted: Filter) -> AsyncIterator[bytes]:
    yield _csv_line(list(AuditAnswer.model_fields))
    async for row in _rows(audit, wanted):
        yield _csv_line([json.dumps(value) if isinstance(value, dict | list) else value for value in row.values()])


def _csv_line(values: list[Any]) -> bytes:
    line = io.StringIO()
    # A spreadsheet takes some texts for formulas; names come from outside.
    csv.writer(line).writerow(
        f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value for value in values
    )
    return line.getvalue().encode()
