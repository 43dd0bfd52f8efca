"""The plugins: what is there, what is not, and why."""

from __future__ import annotations

from quart import Response
from quart_schema import hide

from castcore_webui.page.place import blueprint, render
from castcore_webui.reading import ask


@blueprint.get("/plugins")
@hide
async def plugins() -> Response:
    """Show the plugins with their states and reasons."""
    listed = await ask("/plugins")
    return await render(
        "plugins.html",
        script="plugins",
        plugins=listed.items,
        refusal=listed.error,
        safe_mode=listed.body["safe_mode"] if listed.ok else None,
    )
