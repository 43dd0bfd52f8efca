"""Pages of plugins, in the frame of ours: one route for all of them."""

from __future__ import annotations

from typing import Literal

from markupsafe import Markup
from quart import Response, redirect, request
from quart_schema import hide
from werkzeug.wrappers import Response as WerkzeugResponse

from castcore_core.api.body import accepts
from castcore_core.api.envelope import status_of
from castcore_core.api.rule import current_core
from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.error import ForbiddenError
from castcore_core.plugins.page import Call, Pages, Shown
from castcore_sdk import CastCoreError, RedirectResponse
from castcore_webui.page.place import blueprint, render
from castcore_webui.viewer import account, viewer


@blueprint.route("/plugins/<plugin>/", defaults={"path": ""}, methods=["GET", "POST"])
@blueprint.route("/plugins/<plugin>/<path:path>", methods=["GET", "POST"])
@accepts("application/x-www-form-urlencoded")
@hide
async def extension(plugin: str, path: str) -> Response | WerkzeugResponse:
    """Let a plugin's page answer. Who may open it stands at the page; API tokens open none."""
    method: Literal["GET", "POST"] = "POST" if request.method == "POST" else "GET"
    try:
        answer = await _answer(plugin, path, method)
    except CastCoreError as error:
        return await render(
            "refused.html", code=status_of(error), error={"code": error.code, "params": dict(error.params)}
        )
    if method == "POST":
        target = Target("plugin", plugin, f"/plugins/{plugin}/{path}")
        await current_core().get(Audit).record("plugins.page_posted", target=target)
    if isinstance(answer, RedirectResponse):
        return redirect(answer.to, 303)
    return await render("extension.html", code=answer.status, title=answer.title, inside=Markup(answer.html))  # noqa: S704


async def _answer(plugin: str, path: str, method: Literal["GET", "POST"]) -> Shown | RedirectResponse:
    who = account()
    if who is None or who.token_id is not None:
        raise ForbiddenError("auth.forbidden", params={"needs": "viewer"})
    form = await request.form if method == "POST" else {}
    call = Call(
        method=method,
        path=path,
        query=dict(request.args.items()),
        form=dict(form.items()),
        user=who.name,
        role=who.role,
        language=(await viewer()).language,
    )
    return await current_core().get(Pages).answer(plugin, call)
