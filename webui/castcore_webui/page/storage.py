"""Storage sources: where media lie, whether they answer, and what is in them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from quart import Response, request
from quart_schema import hide

from castcore_core.storage.schemas import SourceCreation
from castcore_webui.page.place import blueprint, plugin_host, render, render_refusal
from castcore_webui.paging import PER_PAGE, pages
from castcore_webui.reading import ask, ask_all
from castcore_webui.schema import localized
from castcore_webui.text import speaker
from castcore_webui.viewer import viewer


@blueprint.get("/storage")
@hide
async def storage() -> Response:
    """Show the sources and how they are."""
    listed = await ask("/storage-sources", {"limit": 500})
    return await render("storage.html", script="plain", sources=listed.items, refusal=listed.error)


@blueprint.get("/storage/new")
@hide
async def new_source() -> Response:
    """Show the form of a source that is not there yet."""
    return await _form(None)


@blueprint.get("/storage/<uuid:source_id>")
@hide
async def source(source_id: UUID) -> Response:
    """Show a source: its worker, its last scan, its form."""
    found = await ask(f"/storage-sources/{source_id}")
    return await _form(found.body) if found.ok else await render_refusal(found)


@blueprint.get("/storage/<uuid:source_id>/browse")
@hide
async def browse(source_id: UUID) -> Response:
    """Show a folder of a source."""
    path, page = request.args.get("path", "")[:4096], max(1, request.args.get("page", 1, int))
    part = {"path": path, "limit": PER_PAGE, "offset": (page - 1) * PER_PAGE}
    found = await ask(f"/storage-sources/{source_id}")
    if not found.ok:
        return await render_refusal(found)
    listed = await ask(f"/storage-sources/{source_id}/browse", part)
    parts = [each for each in path.split("/") if each]
    return await render(
        "browse.html",
        script="plain",
        source=found.body,
        entries=listed.items,
        refusal=listed.error,
        path=path,
        crumbs=[("/".join(parts[: number + 1]), each) for number, each in enumerate(parts)],
        pages=pages(
            f"/storage/{source_id}/browse", page, int(listed.body["total"]) if listed.ok else 0, {"path": path}
        ),
    )


async def _form(found: dict[str, Any] | None) -> Response:
    who = await viewer()
    t = speaker(who.language)
    types = await ask("/storage-sources/types")
    status, scans = (
        await ask_all(f"/mounts/{found['id']}/status", f"/storage-sources/{found['id']}/scans?limit=5")
        if found
        else (None, None)
    )
    return await render(
        "source.html",
        script="storage",
        first={
            "source": found,
            "types": localized(types.items, who.language, plugin_host()),
            "schema": SourceCreation.model_json_schema(),
        },
        title=found["name"] if found else t("new_source"),
        found=found,
        status=status.body if status and status.ok else None,
        scans=scans.items if scans else [],
        may=who.operates,
    )
