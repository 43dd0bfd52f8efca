"""What admins set up once: a page of doors, the settings, the users, the audit log."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from quart import Response, request
from quart_schema import hide

from castcore_core.accounts.schemas import UserCreation, UserPatch
from castcore_webui.page.place import blueprint, render, render_refusal
from castcore_webui.paging import PER_PAGE, pages
from castcore_webui.reading import Reply, ask, ask_all
from castcore_webui.text import speaker
from castcore_webui.viewer import viewer

FORBIDDEN = Reply(403, {"error": {"code": "auth.forbidden", "params": {}}})
_OUTCOMES = ("done", "denied", "failed")


@blueprint.get("/system")
@hide
async def system() -> Response:
    """Show the doors, each with what is wrong behind it."""
    sources, accounts, plugins = await ask_all("/storage-sources?limit=500", "/platform-accounts?limit=500", "/plugins")
    troubles = {
        "storage": sum(each["state"] == "failing" for each in sources.items),
        "platforms": sum(each["state"] == "reauthentication" for each in accounts.items),
        "plugins": sum(each["state"] not in ("loaded", "disabled") for each in plugins.items),
    }
    return await render("system.html", script="plain", troubles=troubles)


@blueprint.get("/settings")
@hide
async def settings() -> Response:
    """Show the form of the settings."""
    found, schema = await ask_all("/settings", "/settings/schema")
    if not found.ok or not (await viewer()).administers:
        return await render_refusal(found if not found.ok else FORBIDDEN)
    return await render("settings.html", script="settings", first={"settings": found.body, "schema": schema.body})


@blueprint.get("/users")
@hide
async def users() -> Response:
    """Show who may sign in."""
    listed = await ask("/users", {"limit": 500, "sort": "username"})
    return await render("users.html", script="plain", users=listed.items, refusal=listed.error)


@blueprint.get("/users/new")
@hide
async def new_user() -> Response:
    """Show the form of a user who is not there yet."""
    return await _user_form(None)


@blueprint.get("/users/<uuid:user_id>")
@hide
async def user(user_id: UUID) -> Response:
    """Show the form of a user."""
    found = await ask(f"/users/{user_id}")
    return await _user_form(found.body) if found.ok else await render_refusal(found)


@blueprint.get("/audit")
@hide
async def audit() -> Response:
    """Show who has done what, the newest first."""
    given = {name: request.args.get(name, "")[:64].strip() for name in ("action", "outcome")}
    wanted = {name: value for name, value in given.items() if value}
    page = max(1, request.args.get("page", 1, int))
    listed = await ask("/audit", {**wanted, "limit": PER_PAGE, "offset": (page - 1) * PER_PAGE})
    return await render(
        "audit.html",
        script="plain",
        entries=listed.items,
        refusal=listed.error,
        query=given,
        outcomes=_OUTCOMES,
        pages=pages("/audit", page, int(listed.body["total"]) if listed.ok else 0, wanted),
    )


async def _user_form(found: dict[str, Any] | None) -> Response:
    who = await viewer()
    t = speaker(who.language)
    model = UserPatch if found else UserCreation
    return await render(
        "form.html",
        script="user",
        first={"user": found, "schema": model.model_json_schema()},
        title=found["username"] if found else t("new_user"),
        parent="/users",
        parent_title=t("users"),
        may=who.administers,
        testable=False,
        removable=found is not None,
    )
