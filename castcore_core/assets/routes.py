"""Assets over HTTP."""

from __future__ import annotations

from uuid import UUID

from quart import Blueprint, Response, request, send_file
from quart_schema import DataSource, document_request, tag_blueprint, validate_querystring, validate_response

from castcore_core.api.body import ARRIVING, accepts
from castcore_core.api.page import Page
from castcore_core.api.rule import current_core
from castcore_core.assets.models import Asset
from castcore_core.assets.schemas import AssetAnswer, AssetQuery, AssetUpload
from castcore_core.assets.service import Assets
from castcore_core.assets.upload import receive

blueprint = Blueprint("assets", __name__)
tag_blueprint(blueprint, ["assets"])

_SORTS = ("name", "kind", "size", "created_at")
_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""Whatever a browser takes a file for, it runs nothing and loads nothing."""


@blueprint.get("/assets")
@validate_querystring(AssetQuery)
@validate_response(Page[AssetAnswer])
async def list_assets(query_args: AssetQuery) -> Page[AssetAnswer]:
    """List what was uploaded."""
    order = query_args.order(_SORTS, "name")
    filters = {"name__icontains": query_args.q, "kind": query_args.kind}
    wanted = {key: value for key, value in filters.items() if value is not None}
    rows, total = await _assets().find(wanted, order=order, limit=query_args.limit, offset=query_args.offset)
    return Page[AssetAnswer].of([_answer(row) for row in rows], total, query_args)


@blueprint.post("/assets")
@accepts("multipart/form-data", limit=ARRIVING)
@document_request(AssetUpload, source=DataSource.FORM_MULTIPART)
@validate_response(AssetAnswer, 201)
@validate_response(AssetAnswer, 200)
async def upload_asset() -> tuple[AssetAnswer, int, dict[str, str]]:
    """Keep a picture (PNG, JPEG, GIF, WebP; made anew) or a short MP4 film; the same file again is the same asset."""
    assets = _assets()
    upload = await receive(request, assets.folder)
    row, new = await assets.keep(upload)
    return _answer(row), 201 if new else 200, {"Location": f"/api/v1/assets/{row.id}"}


@blueprint.get("/assets/<uuid:asset_id>")
@validate_response(AssetAnswer)
async def get_asset(asset_id: UUID) -> AssetAnswer:
    """Return one asset."""
    return _answer(await _assets().get(asset_id))


@blueprint.get("/assets/<uuid:asset_id>/content")
async def get_content(asset_id: UUID) -> Response:
    """Return the file of an asset; Range is honoured."""
    row = await _assets().get(asset_id)
    response = await send_file(await _assets().existing(row), mimetype=row.media_type, add_etags=False)
    response.set_etag(row.id.hex)
    await response.make_conditional(request, accept_ranges=True, complete_length=row.size)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return response


@blueprint.delete("/assets/<uuid:asset_id>")
async def delete_asset(asset_id: UUID) -> Response:
    """Remove an asset that nothing shows."""
    await _assets().delete(asset_id)
    return Response(b"", 204)


def _assets() -> Assets:
    return current_core().get(Assets)


def _answer(row: Asset) -> AssetAnswer:
    return AssetAnswer.model_validate({name: getattr(row, name) for name in AssetAnswer.model_fields})
