"""Pictures and slates: what was uploaded."""

from __future__ import annotations

from quart import Response
from quart_schema import hide

from castcore_webui.page.place import blueprint, render
from castcore_webui.reading import ask


@blueprint.get("/assets")
@hide
async def assets() -> Response:
    """Show the pictures and films."""
    listed = await ask("/assets", {"limit": 500})
    return await render("assets.html", script="assets", assets=listed.items, refusal=listed.error)
