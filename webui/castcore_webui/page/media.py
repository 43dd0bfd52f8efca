"""The media library: what there is to send."""

from __future__ import annotations

from uuid import UUID

from quart import Response, request
from quart_schema import hide

from castcore_webui.page.place import blueprint, render, render_refusal
from castcore_webui.paging import PER_PAGE, pages
from castcore_webui.reading import ask

KINDS = ("video", "audio", "image")
SORTS = ("name", "-modified", "-duration", "-size")


@blueprint.get("/media")
@hide
async def media() -> Response:
    """Show the library, filtered by name, source and kind."""
    given = {name: request.args.get(name, "")[:200].strip() for name in ("q", "source_id", "kind", "sort")}
    wanted = {name: value for name, value in given.items() if value}
    page = max(1, request.args.get("page", 1, int))
    part = {"limit": PER_PAGE, "offset": (page - 1) * PER_PAGE}
    listed = await ask("/media", {"sort": "name", **wanted, **part})
    sources = await ask("/storage-sources", {"limit": 500})
    return await render(
        "media.html",
        script="plain",
        items=listed.items,
        refusal=listed.error,
        query=given,
        filtered=bool({"q", "source_id", "kind"} & set(wanted)),
        sources=sources.items,
        kinds=KINDS,
        sorts=SORTS,
        pages=pages("/media", page, int(listed.body["total"]) if listed.ok else 0, wanted),
    )


@blueprint.get("/media/<uuid:media_id>")
@hide
async def media_item(media_id: UUID) -> Response:
    """Show one file: what it holds, and what speaks against sending it."""
    found = await ask(f"/media/{media_id}")
    if not found.ok:
        return await render_refusal(found)
    return await render("media_item.html", script="media", first={"item": found.body}, item=found.body)
