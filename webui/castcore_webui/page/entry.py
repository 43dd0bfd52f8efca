"""Pages before one is in: set-up and sign-in; and the page of the own account."""

from __future__ import annotations

from urllib.parse import urlsplit

from quart import Response, redirect, request
from quart_schema import hide
from werkzeug.wrappers import Response as WerkzeugResponse

from castcore_webui.page.place import blueprint, render, render_refusal
from castcore_webui.reading import ask, ask_all
from castcore_webui.viewer import account


@blueprint.get("/setup")
@hide
async def setup() -> Response | WerkzeugResponse:
    """Show the wizard while it is open."""
    state = await ask("/setup/state")
    if not state.ok:
        return redirect("/", 303)
    return await render("setup.html", script="setup", first=state.body, state=state.body)


@blueprint.get("/login")
@hide
async def login() -> Response | WerkzeugResponse:
    """Show the sign-in."""
    if account() is not None:
        return redirect(own_path(request.args.get("next", "")), 303)
    provider = await ask("/auth/oidc")
    failed = request.args.get("error", "")
    return await render(
        "login.html",
        script="login",
        first={"next": own_path(request.args.get("next", ""))},
        provider=provider.body if provider.ok else {"enabled": False},
        failed=failed if failed.startswith("auth.") else "",
    )


@blueprint.get("/account")
@hide
async def account_page() -> Response:
    """Show the own preferences, second factor and sessions."""
    me, preference, sessions = await ask_all("/auth/me", "/settings/me", "/auth/sessions?limit=20")
    if not me.ok:
        return await render_refusal(me)
    return await render(
        "account.html",
        script="account",
        first={"preference": preference.body},
        me=me.body,
        preference=preference.body,
        sessions=sessions.items,
    )


def own_path(text: str) -> str:
    """Return ``text`` if it is a path of this server, else the first page: a sign-in leads nowhere else."""
    parts = urlsplit(text)
    safe = text.startswith("/") and not text.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return text if safe and text.isprintable() else "/"
