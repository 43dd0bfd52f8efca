"""Where the pages are mounted, who may see them, and how one is rendered."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from quart import Blueprint, Response, redirect, render_template, request
from quart_schema import hide
from werkzeug.wrappers import Response as WerkzeugResponse

from castcore_core.accounts.user import Users
from castcore_core.api.rule import current_core
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.page import Entry, Pages
from castcore_webui.asset import asset, send_asset
from castcore_webui.figure import Figures
from castcore_webui.reading import Reply
from castcore_webui.schema import type_names
from castcore_webui.text import page_texts, quoted, speaker, teller
from castcore_webui.viewer import Viewer, account, viewer

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "media-src 'self' blob:; worker-src 'self' blob:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

blueprint = Blueprint("pages", __name__, template_folder="../templates")

_OPEN = frozenset({"pages.static_file", "pages.login", "pages.setup"})


@blueprint.before_request
async def direct() -> WerkzeugResponse | Response | None:
    """Lead to the set-up while there is no admin, and to the sign-in whoever has not signed in."""
    if request.endpoint == "pages.static_file":
        return None
    if not await current_core().get(Users).has_admin():
        return None if request.endpoint == "pages.setup" else redirect("/setup", 303)
    if account() is None and request.endpoint not in _OPEN:
        back = request.full_path.rstrip("?")
        return redirect("/login" if back == "/" else f"/login?next={quote(back)}", 303)
    return None


@blueprint.after_request
async def protect(response: Response) -> Response:
    """Let pages run their own scripts, and nothing else."""
    response.headers["Content-Security-Policy"] = POLICY
    return response


@blueprint.after_app_request
async def guide(response: Response) -> Response:
    """Show who types an address that leads nowhere a page instead of the API's answer."""
    lost = response.status_code == 404 and request.url_rule is None and request.method == "GET"
    if not lost or request.path.startswith(("/api/", "/static/")) or not request.accept_mimetypes.accept_html:
        return response
    return await protect(await render("not_here.html", code=404))


@blueprint.get("/static/<path:name>")
@hide
async def static_file(name: str) -> Response:
    """Send a script or a style."""
    return await send_asset(name)


async def render(template: str, /, *, script: str = "", first: Any = None, code: int = 200, **values: Any) -> Response:
    """Return a page. ``first`` is the data that ``static/dist/SCRIPT.js`` begins with."""
    who = await viewer()
    text = await render_template(
        template,
        who=who,
        t=speaker(who.language),
        tell=teller(who.language, plugin_host()),
        texts=page_texts(who.language),
        figure=Figures(who.language),
        type_name=type_names(who.language, plugin_host()),
        asset=asset,
        quoted=quoted,
        script=script,
        first=first,
        extensions=_extensions(who),
        **values,
    )
    return Response(text, code, content_type="text/html; charset=utf-8")


def _extensions(who: Viewer) -> list[Entry]:
    """Return the plugins' pages for the menu."""
    actor = account()
    if actor is None or plugin_host() is None:
        return []
    return current_core().get(Pages).menu(actor.role, who.language)


def plugin_host() -> PluginHost | None:
    """Return the plugin host, None while there is none."""
    try:
        return current_core().get(PluginHost)
    except LookupError:
        return None


async def render_refusal(reply: Reply) -> Response:
    """Return a page that says why there is nothing to see."""
    return await render("refused.html", code=reply.status, error=reply.error)
