"""Profiles: the list, and a form made from the schema of a profile."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from quart import Response
from quart_schema import hide

from castcore_core.api.rule import current_core
from castcore_core.plugins.host import PluginHost
from castcore_core.profiles.schemas import ProfileCreation
from castcore_sdk import config_schema
from castcore_webui.page.place import blueprint, render, render_refusal
from castcore_webui.reading import ask
from castcore_webui.schema import localized
from castcore_webui.text import speaker
from castcore_webui.viewer import viewer


@blueprint.get("/profiles")
@hide
async def profiles() -> Response:
    """Show the kept profiles; the encoders follow once they have been tried out."""
    listed = await ask("/ffmpeg-profiles", {"limit": 500})
    return await render("profiles.html", script="encoders", profiles=listed.items, refusal=listed.error)


@blueprint.get("/profiles/new")
@hide
async def new_profile() -> Response:
    """Show the form of a profile that is not there yet."""
    return await _form(None)


@blueprint.get("/profiles/<uuid:profile_id>")
@hide
async def profile(profile_id: UUID) -> Response:
    """Show the form of a profile."""
    found = await ask(f"/ffmpeg-profiles/{profile_id}")
    return await _form(found.body) if found.ok else await render_refusal(found)


async def profile_parts() -> dict[str, Any]:
    """Return what the form of a profile is made from: its schema, and the encoders that plugins bring with theirs."""
    host = current_core().get(PluginHost)
    registered = host.registry.encoder_profiles
    encoders = [
        {
            "id": each,
            "plugin": registered[each].plugin,
            "config_schema": config_schema(registered[each].item.config_model),
        }
        for each in sorted(registered)
    ]
    language = (await viewer()).language
    return {"schema": ProfileCreation.model_json_schema(), "encoders": localized(encoders, language, host)}


async def _form(found: dict[str, Any] | None) -> Response:
    who = await viewer()
    t = speaker(who.language)
    return await render(
        "form.html",
        script="profile",
        first={"profile": found, **await profile_parts()},
        title=found["name"] if found else t("new_profile"),
        parent="/profiles",
        parent_title=t("profiles"),
        may=who.operates,
        testable=False,
        removable=found is not None,
    )
