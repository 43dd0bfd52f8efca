"""The media library over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from quart import Blueprint, Response, request
from quart_schema import tag_blueprint, validate_querystring, validate_response

from castcore_core.api.idempotency import idempotent
from castcore_core.api.page import Page
from castcore_core.api.rule import current_core
from castcore_core.media.scans import Scans
from castcore_core.media.schemas import MediaAnswer, MediaDetail, MediaQuery, ScanAnswer, ScanQuery, ScanStarted
from castcore_core.media.service import Library

blueprint = Blueprint("media", __name__)
tag_blueprint(blueprint, ["media"])

_SORTS = ("name", "path", "size", "modified", "duration", "created_at")
_FRESH = "private, max-age=60"


@blueprint.get("/media")
@validate_querystring(MediaQuery)
@validate_response(Page[MediaAnswer])
async def list_media(query_args: MediaQuery) -> Page[MediaAnswer]:
    """List what the sources hold."""
    order = query_args.order(_SORTS, "name")
    rows, total = await _library().find(
        _filters(query_args), order=order, limit=query_args.limit, offset=query_args.offset
    )
    return Page[MediaAnswer].of([MediaAnswer(**_shown(row)) for row in rows], total, query_args)


@blueprint.get("/media/<uuid:media_id>")
@validate_response(MediaDetail)
async def get_media(media_id: UUID) -> MediaDetail:
    """Return one item with all that is known of it."""
    return _detail(await _library().get(media_id))


@blueprint.delete("/media/<uuid:media_id>")
async def delete_media(media_id: UUID) -> Response:
    """Leave an item out of the library. The file stays, and comes back with the next scan."""
    await _library().delete(media_id)
    return Response(b"", 204)


@blueprint.post("/media/<uuid:media_id>/probe")
@validate_response(MediaDetail)
async def probe_media(media_id: UUID) -> MediaDetail:
    """Read an item again."""
    return _detail(await _library().probe(media_id))


@blueprint.get("/media/<uuid:media_id>/thumbnail")
async def get_thumbnail(media_id: UUID) -> Response:
    """Return a WebP picture of 320 pixels in width, made now where nobody has asked for it before."""
    key = await _library().thumbnail_key(media_id)
    response = Response(b"", content_type="image/webp", headers={"Cache-Control": _FRESH})
    response.set_etag(key)
    if request.if_none_match.contains(key):
        return Response(b"", 304, response.headers)
    response.set_data(await _library().thumbnail(media_id, key))
    return response


@blueprint.post("/storage-sources/<uuid:source_id>/scan")
@idempotent
@validate_response(ScanStarted, 202)
async def scan_source(source_id: UUID) -> tuple[ScanStarted, int]:
    """Let a source be scanned; how it goes is told on `/ws/status` and in the list of its scans."""
    scan_id = await current_core().get(Scans).ask(source_id)
    return ScanStarted(id=scan_id, state="queued"), 202


@blueprint.get("/storage-sources/<uuid:source_id>/scans")
@validate_querystring(ScanQuery)
@validate_response(Page[ScanAnswer])
async def list_scans(source_id: UUID, query_args: ScanQuery) -> Page[ScanAnswer]:
    """List the scans of a source, the newest first."""
    order = query_args.order(("created_at",), "-created_at")
    scans = current_core().get(Scans)
    rows, total = await scans.find(source_id, order=order, limit=query_args.limit, offset=query_args.offset)
    return Page[ScanAnswer].of([ScanAnswer(**row) for row in rows], total, query_args)


def _library() -> Library:
    return current_core().get(Library)


def _filters(query: MediaQuery) -> dict[str, Any]:
    given = {
        "source_id": query.source_id,
        "kind": query.kind,
        "streamable": query.streamable,
        "state": query.state,
        "path__icontains": query.q,
        "duration__gte": query.min_duration,
        "duration__lte": query.max_duration,
    }
    return {key: value for key, value in given.items() if value is not None}


def _detail(row: dict[str, Any]) -> MediaDetail:
    return MediaDetail(info=row["info"], **_shown(row))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    thumbnail = row["state"] == "ready" and row["thumbnail"] != "none"
    rest = {key: value for key, value in row.items() if key not in ("source__name", "thumbnail", "info", "version")}
    return rest | {"source_name": row["source__name"], "thumbnail": thumbnail}
