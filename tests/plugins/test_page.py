"""Pages of plugins, in the frame of ours, without any script."""

from __future__ import annotations

import importlib
from pathlib import Path
from urllib.parse import urlencode

import pytest

from castcore_core.accounts.role import Role
from castcore_core.plugins.follower import Follower
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.scaffold import write_plugin
from plugins.conftest import Site
from servers.house import house
from servers.staff import PASSWORD, Reply, Staff, Visitor

__all__ = ["house"]

CODE = """
SEEN = []

async def ask(request, context):
    SEEN.append(request)
    if "crash" in request.query: raise RuntimeError("canary-secret")
    if "coded" in request.query: raise TemporaryError("odd.later", params={"reason": "x"})
    if "exit" in request.query: raise SystemExit
    if "stuck" in request.query: await asyncio.sleep(3600)
    if "away" in request.query: return RedirectResponse(to=request.query["away"])
    if "nothing" in request.query: return None
    if "raw" in request.query: return TemplateResponse(template="../__init__.py")
    return TemplateResponse(template=request.query.get("t", "ask.html"), values={"r": request}, status=201)

@hookimpl
def castcore_register_pages():
    return [
        Page(path="", title_key="odd.title", handler=ask, role="viewer", in_menu=True),
        Page(path="of/<name>/<int:number>", title_key="odd.title", handler=ask, role="operator"),
        Page(path="post", title_key="odd.title", handler=ask, methods=frozenset({"POST"}), role="operator"),
        Page(path="secret", title_key="odd.title", handler=ask, role="admin", in_menu=True),
    ]
"""
TEXTS = {"title": {"message": "Odd & <even>"}, "hello": {"message": "Hello {{name}}"}, "later": {"message": "Later"}}
TEMPLATES = {
    "ask.html": "<p class='q'>{{ r.query.get('q', '') }}</p>"
    "<p>{{ t('hello', name=r.user) }} {{ locale }} {{ url('x') }}</p><p>{{ r.path_params }} {{ r.form }}</p>",
    "broken.html": "{{ nothing.there }}",
    "reaching.html": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "endless.html": "{% for a in range(99999) %}{% for b in range(99999) %}xxxxxxxxxxxxxxxx{% endfor %}{% endfor %}",
}


@pytest.fixture
async def odd(house: Staff, site: Site) -> Staff:
    """A server with a plugin of pages."""
    module = site.add("odd", CODE, texts={"en": TEXTS, "de": TEXTS | {"hello": {"message": "Hallo {{name}}"}}})
    folder = site.folder / module / "templates"
    folder.mkdir()
    for name, text in TEMPLATES.items():
        (folder / name).write_text(text)
    await house.core.get(Follower).follow()
    assert house.core.get(PluginHost).record("odd").reason is None
    return house


async def get(visitor: Visitor, path: str, **query: str) -> Reply:
    return await visitor("GET", f"/plugins/odd/{path}?{urlencode(query)}", base="")


async def post(visitor: Visitor, path: str, body: str, **headers: str) -> Reply:
    scope = {"client": ("192.0.2.7", 4711)}
    sent = {**visitor.headers, "Content-Type": "application/x-www-form-urlencoded"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    response = await visitor.client.open(path, method="POST", headers=sent, data=body, scope_base=scope)
    return Reply(response.status_code, await response.get_data(as_text=True), response.headers)


async def test_a_page_is_shown_in_the_frame(odd: Staff) -> None:
    viewer = await odd.page(Role.VIEWER)
    reply = await get(viewer, "", q="<b>&'")
    assert reply.status == 201
    assert "<p class='q'>&lt;b&gt;&amp;&#39;</p>" in reply.body
    assert "Hello viewer 1 en /plugins/odd/x" in reply.body
    assert "<h1>Odd &amp; &lt;even&gt;</h1>" in reply.body
    assert "script-src 'self'" in reply.headers["Content-Security-Policy"]
    menu = reply.body.partition("<nav")[2].partition("</nav>")[0]
    assert '<a href="/plugins/odd/" aria-current="page">' in menu
    assert "/plugins/odd/secret" not in menu


async def test_roles_are_kept_to(odd: Staff) -> None:
    viewer, operator, admin = [await odd.page(role) for role in Role]
    assert (await get(viewer, "of/a/1")).status == 403
    assert (await get(operator, "secret")).status == 403
    assert (await get(admin, "secret")).status == 201
    reply = await get(operator, "of/a b/7")
    assert "&#39;number&#39;: &#39;7&#39;" in reply.body
    assert "&#39;name&#39;: &#39;a b&#39;" in reply.body


async def test_nobody_gets_in_without_signing_in(odd: Staff) -> None:
    anonymous = odd.anonymous()
    reply = await get(anonymous, "")
    assert (reply.status, reply.headers["Location"].partition("?")[0]) == (303, "/login")
    assert (await post(anonymous, "/plugins/odd/post", "a=1")).status == 401


async def test_api_tokens_open_no_page(odd: Staff) -> None:
    admin = await odd.signed_in(Role.ADMIN)
    token = (await admin("POST", "/auth/tokens", {"name": "t", "scopes": ["*:write"], "password": PASSWORD})).body[
        "token"
    ]
    robot = Visitor(odd.app, {"Authorization": f"Bearer {token}"})
    assert (await get(robot, "")).status == 403
    assert (await post(robot, "/plugins/odd/post", "a=1")).status == 403


async def test_a_form_needs_our_own_origin(odd: Staff) -> None:
    operator = await odd.page(Role.OPERATOR)
    reply = await post(operator, "/plugins/odd/post", "text=%C3%BC+%26&text=second")
    assert (reply.status, "&#39;text&#39;: &#39;ü &amp;&#39;" in reply.body) == (201, True)
    refused = await post(operator, "/plugins/odd/post", "a=1", Origin="https://evil.example")
    assert refused.status == 403
    assert (await get(operator, "post")).status == 409  # no GET here
    assert (await post(operator, "/plugins/odd/", "a=1")).status == 409
    assert (await operator("POST", "/plugins/odd/post", {"a": 1}, base="")).status == 415
    assert (await post(operator, "/plugins/odd/post", "a=" + "x" * 2_000_000)).status == 413
    admin = await odd.signed_in(Role.ADMIN)
    done = (await admin("GET", "/audit?action=plugins.page_posted")).body["items"]
    assert [each["target_name"] for each in done] == ["/plugins/odd/post"]


@pytest.mark.parametrize("path", ["nowhere", "of/a/b", "../../etc/passwd", "%2e%2e/x", "a" * 3000])
async def test_unknown_pages_are_not_found(odd: Staff, path: str) -> None:
    reply = await get(await odd.page(Role.ADMIN), path)
    assert reply.status in (400, 404)


async def test_unknown_plugins_are_not_found(odd: Staff) -> None:
    admin = await odd.page(Role.ADMIN)
    assert (await admin("GET", "/plugins/nobody/", base="")).status == 404
    assert (await admin("GET", "/plugins/builtin/", base="")).status == 404


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"crash": "1"}, 503, "Plugin odd failed"),
        ({"exit": "1"}, 503, "Plugin odd failed"),
        ({"coded": "1"}, 503, "Later"),
        ({"nothing": "1"}, 409, "NoneType"),
        ({"raw": "1"}, 409, "TemplateNotFound"),
        ({"t": "nowhere.html"}, 409, "TemplateNotFound"),
        ({"t": "broken.html"}, 409, "UndefinedError"),
        ({"t": "reaching.html"}, 409, "SecurityError"),
        ({"t": "endless.html"}, 409, "ValueError"),
        ({"away": "https://evil.example/"}, 409, "RedirectResponse"),
        ({"away": "//evil.example/"}, 409, "RedirectResponse"),
        ({"away": "/\\evil.example"}, 409, "RedirectResponse"),
        ({"away": "/x\r\nSet-Cookie: a=b"}, 409, "RedirectResponse"),
    ],
)
async def test_errors_stay_the_plugins_own(odd: Staff, query: dict[str, str], status: int, said: str) -> None:
    admin = await odd.page(Role.ADMIN)
    reply = await get(admin, "", **query)
    assert (reply.status, said in reply.body) == (status, True), reply.body[-1500:]
    assert "canary" not in reply.body
    assert "Traceback" not in reply.body
    assert (await get(admin, "")).status == 201


async def test_a_page_that_hangs_is_given_up(odd: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    monkeypatch.setattr("castcore_core.plugins.page.LIMIT", timedelta(seconds=0.3))
    reply = await get(await odd.page(Role.ADMIN), "", stuck="1")
    assert (reply.status, "gave no answer" in reply.body) == (503, True)


async def test_redirects_within_this_server(odd: Staff) -> None:
    reply = await get(await odd.page(Role.VIEWER), "", away="/plugins/odd/?q=1")
    assert (reply.status, reply.headers["Location"]) == (303, "/plugins/odd/?q=1")


async def test_a_page_goes_and_comes_with_its_plugin(odd: Staff) -> None:
    viewer, host = await odd.page(Role.VIEWER), odd.core.get(PluginHost)
    await host.disable("odd")
    reply = await get(viewer, "")
    assert reply.status == 404
    assert '"/plugins/odd/"' not in reply.body
    await host.enable("odd")
    assert (await get(viewer, "")).status == 201


async def test_in_german(odd: Staff) -> None:
    viewer = await odd.page(Role.VIEWER)
    await viewer("PATCH", "/settings/me", {"language": "de"})
    assert "Hallo viewer 1 de" in (await get(viewer, "")).body


async def test_the_generated_page_keeps_a_note(house: Staff, tmp_path: Path, site: Site) -> None:
    tree = write_plugin("shift", "page", folder=tmp_path / "tree").folder
    (tree / "castcore_shift").rename(site.folder / "castcore_shift")
    info = site.folder / "castcore_shift-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: castcore-shift\nVersion: 0.1.0\nRequires-Dist: castcore-sdk>=1,<2\n")
    (info / "entry_points.txt").write_text("[castcore.plugins]\nshift = castcore_shift.plugin\n")
    site.modules.append("castcore_shift")
    importlib.invalidate_caches()
    await house.core.get(Follower).follow()
    operator = await house.page(Role.OPERATOR)
    reply = await post(operator, "/plugins/shift/", urlencode({"text": "Camera 2 <flickers>"}))
    assert (reply.status, reply.headers["Location"]) == (303, "/plugins/shift/")
    page = (await operator("GET", "/plugins/shift/", base="")).body
    assert "<strong>operator 1</strong> Camera 2 &lt;flickers&gt;" in page
    assert (await post(operator, "/plugins/shift/", "text=")).status == 422
