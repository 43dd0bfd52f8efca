"""Destinations: the list, and a form made from the schema of a plugin."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from quart import Response
from quart_schema import hide

from castcore_webui.page.place import blueprint, plugin_host, render, render_refusal
from castcore_webui.reading import ask
from castcore_webui.schema import localized
from castcore_webui.text import speaker
from castcore_webui.viewer import viewer


@blueprint.get("/destinations")
@hide
async def destinations() -> Response:
    """Show where streams can go."""
    listed = await ask("/destinations", {"limit": 500})
    return await render("destinations.html", destinations=listed.items, refusal=listed.error)


@blueprint.get("/destinations/new")
@hide
async def new_destination() -> Response:
    """Show the form of a destination that is not there yet."""
    return await _form(None)


@blueprint.get("/destinations/<uuid:destination_id>")
@hide
async def destination(destination_id: UUID) -> Response:
    """Show the form of a destination."""
    found = await ask(f"/destinations/{destination_id}")
    return await _form(found.body) if found.ok else await render_refusal(found)


async def destination_types() -> list[dict[str, Any]]:
    """Return the types that plugins bring, with their schemas."""
    types = await ask("/destinations/types")
    return localized(types.items, (await viewer()).language, plugin_host())


async def platform_accounts() -> list[dict[str, Any]]:
    """Return the accounts that a destination can work for."""
    return (await ask("/platform-accounts", {"limit": 500})).items


async def _form(found: dict[str, Any] | None) -> Response:
    who = await viewer()
    t = speaker(who.language)
    return await render(
        "form.html",
        script="destination",
        first={"destination": found, "types": await destination_types(), "accounts": await platform_accounts()},
        title=found["name"] if found else t("new_destination"),
        parent="/destinations",
        parent_title=t("destinations"),
        may=who.operates,
        testable=found is not None,
        removable=found is not None,
    )
