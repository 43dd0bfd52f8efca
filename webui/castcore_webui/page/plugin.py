"""The plugins: what is there, what is not, and why."""

from __future__ import annotations

from quart import Response, request
from quart_schema import hide

from castcore_webui.page.place import blueprint, render
from castcore_webui.reading import ask_all
from castcore_webui.viewer import viewer


@blueprint.get("/plugins")
@hide
async def plugins() -> Response:
    """Show the plugins with their states and reasons."""
    listed, settings = await ask_all("/plugins", "/settings")
    allowed = settings.ok and settings.body.get("plugin_install", False)
    return await render(
        "plugins.html",
        script="plugins",
        first={"done": "done" in request.args},
        installable=(await viewer()).administers and allowed,
        plugins=listed.items,
        refusal=listed.error,
        safe_mode=listed.body["safe_mode"] if listed.ok else None,
    )
