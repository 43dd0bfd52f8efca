"""Platform accounts: who we are towards a platform, and whether it still knows us."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from quart import Response, request
from quart_schema import hide

from castcore_webui.page.place import blueprint, render, render_refusal
from castcore_webui.reading import ask, ask_all
from castcore_webui.text import speaker
from castcore_webui.viewer import viewer


@blueprint.get("/platforms")
@hide
async def platforms() -> Response:
    """Show the accounts and whether they are connected."""
    listed, kinds = await ask_all("/platform-accounts?limit=500", "/platforms")
    return await render(
        "platforms.html",
        script="plain",
        accounts=listed.items,
        refusal=listed.error,
        possible=any("oauth" in each["capabilities"] for each in kinds.items),
    )


@blueprint.get("/platforms/new")
@hide
async def new_platform() -> Response:
    """Show the form of an account that is not there yet."""
    return await _form(None)


@blueprint.get("/platforms/<uuid:account_id>")
@hide
async def platform(account_id: UUID) -> Response:
    """Show an account, and how to connect it."""
    found = await ask(f"/platform-accounts/{account_id}")
    return await _form(found.body) if found.ok else await render_refusal(found)


async def _form(found: dict[str, Any] | None) -> Response:
    who = await viewer()
    t = speaker(who.language)
    kinds = (await ask("/platforms")).items
    kind = next((each for each in kinds if found and each["id"] == found["type"]), None)
    failed = request.args.get("error", "")
    return await render(
        "platform.html",
        script="platform",
        first={"account": found, "platforms": kinds},
        title=found["name"] if found else t("new_account"),
        found=found,
        kind=kind,
        failed=failed if failed.replace(".", "").replace("_", "").isalnum() else "",
        arrived="connected" in request.args,
        may=who.administers,
    )
