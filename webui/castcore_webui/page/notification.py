"""Notifications: whom to tell, of what, and what was sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from quart import Response
from quart_schema import hide

from castcore_core.notifications.schemas import TargetCreation
from castcore_webui.page.place import blueprint, plugin_host, render, render_refusal
from castcore_webui.reading import ask, ask_all
from castcore_webui.schema import localized
from castcore_webui.text import speaker
from castcore_webui.viewer import viewer


@blueprint.get("/notifications")
@hide
async def notifications() -> Response:
    """Show who is told."""
    listed = await ask("/notifications", {"limit": 500})
    return await render("notifications.html", script="plain", targets=listed.items, refusal=listed.error)


@blueprint.get("/notifications/new")
@hide
async def new_notification() -> Response:
    """Show the form of a target that is not there yet."""
    return await _form(None)


@blueprint.get("/notifications/<uuid:target_id>")
@hide
async def notification(target_id: UUID) -> Response:
    """Show the form of a target, and what it was sent."""
    found = await ask(f"/notifications/{target_id}")
    return await _form(found.body) if found.ok else await render_refusal(found)


async def _form(found: dict[str, Any] | None) -> Response:
    who = await viewer()
    t = speaker(who.language)
    types, events = await ask_all("/notifications/types", f"/notifications/events?language={who.language}")
    sent = await ask(f"/notifications/{found['id']}/deliveries", {"limit": 25}) if found else None
    return await render(
        "notification.html",
        script="notification",
        first={
            "target": found,
            "types": localized(types.items, who.language, plugin_host()),
            "events": events.items,
            "schema": TargetCreation.model_json_schema(),
        },
        title=found["name"] if found else t("new_notification"),
        found=found,
        sent=sent.items if sent else [],
        may=who.administers,
    )
