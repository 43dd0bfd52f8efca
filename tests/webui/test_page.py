"""What the server sends as pages: to whom, under which policy, and what it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from castcore_core.accounts.role import Role
from castcore_core.builtin.file import FileDestination as File
from castcore_core.builtin.hls import HlsDestination as Hls
from castcore_core.builtin.rtmp import RtmpDestination as Rtmp
from castcore_core.builtin.srt import SrtDestination as Srt
from castcore_core.builtin.udp import UdpDestination as Udp
from castcore_core.i18n import catalogue
from castcore_core.notifications.event import EVENTS
from castcore_core.plugins.host import PluginHost
from castcore_core.profiles.schemas import ProfileCreation
from castcore_sdk.config import config_schema
from castcore_webui.page.entry import own_path
from castcore_webui.page.job import PARTS, SOURCES
from servers.staff import Staff, Visitor, bare, staffed

PAGES = (
    *("/", "/account", "/account/tokens", "/jobs", "/jobs/new", "/media", "/destinations", "/destinations/new"),
    *("/profiles", "/profiles/new", "/system", "/storage", "/storage/new", "/platforms", "/platforms/new"),
    *("/notifications", "/notifications/new", "/plugins", "/assets", "/settings", "/users", "/users/new", "/audit"),
)
WEBUI = Path(__file__).parents[2] / "webui"


async def get(visitor: Visitor, path: str) -> tuple[int, str, Any]:
    reply = await visitor("GET", path, base="")
    return reply.status, reply.body if isinstance(reply.body, str) else str(reply.body), reply.headers


async def test_pages_run_nothing_but_their_own_files(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        admin = await staff.page(Role.ADMIN)
        for path in PAGES:
            status, body, headers = await get(admin, path)
            assert status == 200, path
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "https:" not in policy
            scripts = re.findall(r"<script([^>]*)>", body)
            assert scripts
            assert all('type="application/json"' in each or 'src="/static/' in each for each in scripts), path
            assert not re.search(r"\s(style|on[a-z]+)=", re.sub(r"<script.*?</script>", "", body, flags=re.S)), path
            assert headers["Cache-Control"] == "no-store"


async def test_who_has_not_signed_in_is_led_to_the_sign_in_and_back(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        visitor = staff.anonymous()
        for path in PAGES:
            status, _, headers = await get(visitor, path)
            assert (status, headers["Location"].partition("?")[0]) == (303, "/login"), path
        assert (await get(visitor, "/jobs?q=a&page=2"))[2]["Location"] == "/login?next=/jobs%3Fq%3Da%26page%3D2"


async def test_until_there_is_an_admin_there_is_the_wizard_alone(tmp_path: Path) -> None:
    async with bare(tmp_path) as staff:
        visitor = staff.anonymous()
        for path in (*PAGES, "/login"):
            assert (await get(visitor, path))[2].get("Location") == "/setup", path
        assert (await get(visitor, "/setup"))[0] == 200
        assert (await get(visitor, "/static/style.css"))[0] == 200


async def test_the_wizard_is_over_once_there_is_an_admin(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        assert (await get(staff.anonymous(), "/setup"))[0] == 303


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "jobs", "", "/\n/x"],
)
def test_a_sign_in_leads_nowhere_else(elsewhere: str) -> None:
    assert own_path(elsewhere) == "/"
    assert own_path("/jobs?q=a") == "/jobs?q=a"


async def test_a_page_of_another_site_changes_nothing(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        browser = await staff.page(Role.OPERATOR)
        reply = await browser("POST", "/destinations", {"name": "x", "type": "rtmp"}, Origin="https://evil.example")
        assert (reply.status, reply.code) == (403, "auth.origin_refused")


async def test_without_pages_the_server_is_the_same(tmp_path: Path) -> None:
    async with staffed(tmp_path, CASTCORE_HEADLESS="true") as staff:
        assert (await get(staff.anonymous(), "/"))[0] == 404
        assert (await get(staff.anonymous(), "/login"))[0] == 404
        assert (await (await staff.signed_in(Role.VIEWER))("GET", "/stream-jobs")).status == 200


async def test_files_may_be_kept_under_an_address_that_names_their_content(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        visitor = staff.anonymous()
        _, body, _ = await get(visitor, "/login")
        found = re.search(r'href="(/static/style\.css\?v=[0-9a-f]{12})"', body)
        assert found
        assert "immutable" in (await get(visitor, found[1]))[2]["Cache-Control"]
        assert (await get(visitor, "/static/style.css"))[2]["Cache-Control"] == "no-cache"
        assert (await get(visitor, "/static/../pages.py"))[0] in (404, 401, 403)


async def _job_with_hls(staff: Staff, operator: Visitor, folder: Path) -> str:
    destination = await operator(
        "POST", "/destinations", {"name": "H", "type": "hls", "config": {"folder": str(folder)}}
    )
    assert destination.status == 201, destination.body
    source = {"kind": "test", "width": 320, "height": 180}
    outputs = [{"destination_id": destination.body["id"]}]
    job = await operator("POST", "/stream-jobs", {"name": "J", "source": source, "outputs": outputs})
    assert job.status == 201, job.body
    return str(job.body["id"])


async def test_the_preview_serves_the_stream_and_nothing_beside_it(tmp_path: Path) -> None:
    hls = tmp_path / "hls"
    hls.mkdir()
    (hls / "index.m3u8").write_text("#EXTM3U\n")
    (hls / "notes.txt").write_text("private")
    (tmp_path / "secret.ts").write_text("private")
    async with staffed(tmp_path / "data") as staff:
        admin = await staff.page(Role.ADMIN)
        job = await _job_with_hls(staff, admin, hls)
        viewer = await staff.page(Role.VIEWER)
        status, body, headers = await get(viewer, f"/jobs/{job}/preview/index.m3u8")
        assert (status, body, headers["Cache-Control"]) == (200, "#EXTM3U\n", "no-cache")
        assert (await get(staff.anonymous(), f"/jobs/{job}/preview/index.m3u8"))[0] == 401
        for name in ("notes.txt", "..%2Fsecret.ts", "../secret.ts", "%2e%2e%2fsecret.ts"):
            status, body, _ = await get(viewer, f"/jobs/{job}/preview/{name}")
            assert status in (401, 403, 404), name
            assert "private" not in body


async def test_what_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        status, body, headers = await get(await staff.page(Role.VIEWER), "/jobs/00000000-0000-4000-8000-000000000000")
        assert status == 404
        assert headers["Content-Type"].startswith("text/html")
        assert catalogue("en")["streams.not_found"]["message"] in body


async def test_an_address_that_leads_nowhere_is_a_page_with_a_way_back(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        for visitor in (await staff.page(Role.VIEWER), staff.anonymous()):
            reply = await visitor("GET", "/nowhere", base="", Accept="text/html")
            assert (reply.status, 'href="/"' in reply.body) == (404, True)
            assert catalogue("en")["web.not_here"]["message"] in reply.body
            assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
            assert (await visitor("GET", "/nowhere", Accept="text/html")).code in ("request.not_found", "auth.required")
            assert (await visitor("GET", "/nowhere", base="", Accept="application/json")).code == "request.not_found"


async def test_names_of_others_are_text_and_never_markup(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        admin = await staff.page(Role.ADMIN)
        name = "</script><img src=x onerror=alert(1)>"
        source = {"kind": "test", "width": 320, "height": 180}
        job = await admin("POST", "/stream-jobs", {"name": name, "source": source})
        assert job.status == 201, job.body
        for path in ("/", "/jobs", f"/jobs/{job.body['id']}", f"/jobs/{job.body['id']}/edit"):
            assert "<img src=x" not in (await get(admin, path))[1], path


def _used_names() -> set[str]:
    found: set[str] = set()
    for path in [
        *WEBUI.glob("src/**/*.ts"),
        *WEBUI.glob("castcore_webui/templates/*.html"),
        *WEBUI.glob("castcore_webui/**/*.py"),
    ]:
        found |= set(re.findall(r"""\bt\(\s*["'`]([a-z_]+)["'`]\s*[,)]""", path.read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_text_of_the_pages_is_in_the_catalogue(language: str) -> None:
    names = _used_names()
    assert len(names) > 100
    assert {name for name in names if f"web.{name}" not in catalogue(language)} == set()


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, bool]]:
    """Yield the name, and whether there is a description, of every field that a form asks for."""
    schema = config_schema(model)  # type: ignore[arg-type]
    for part in (schema, *schema.get("$defs", {}).values()):
        for name, field in part["properties"].items():
            if "const" not in field and name not in HIDDEN:
                yield name, "description" in field


HIDDEN = (
    *("encoder_options", "asset_id", "return", "filters", "logo"),
    *("text", "position", "opacity", "scale", "size", "box"),
)
FORMS: dict[str, type[BaseModel]] = {
    **{model.id: model.config_model for model in (Rtmp, Srt, Hls, File, Udp)},
    **{f"source_{kind}": model for kind, model in SOURCES.items()},
    **PARTS,
    "profile": ProfileCreation,
}


@pytest.mark.parametrize("scope", FORMS)
def test_every_field_of_our_own_forms_speaks_both_languages(scope: str) -> None:
    known = {code.removeprefix("web.") for code in catalogue("de") if code.startswith("web.")}
    nested = ("video", "audio", "loudness", "backoff")
    missing = set()
    for name, described in _fields(FORMS[scope]):
        for kind in ("field", "hint") if described else ("field",):
            if not known & {f"{kind}_{name}", *(f"{kind}_{each}_{name}" for each in (scope, *nested))}:
                missing.add(f"{kind}_{name}")
    assert missing == set()


def _recorded() -> set[str]:
    """Return the actions that the code writes into the audit log as literals."""
    found = set()
    for path in (WEBUI.parent / "castcore_core").rglob("*.py"):
        found |= set(re.findall(r"""record\(\s*"([a-z_]+\.[a-z_]+)",""", path.read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_area_of_events_has_a_name(language: str) -> None:
    assert {f"web.area_{name.partition('.')[0]}" for name in EVENTS} <= set(catalogue(language))


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_was_done_is_said_in_words(language: str) -> None:
    actions = _recorded()
    assert len(actions) > 40
    assert {each for each in actions if f"web.did_{each.replace('.', '_')}" not in catalogue(language)} == set()


async def test_the_form_of_a_plugin_says_what_its_types_are_for_in_the_readers_language(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        admin = await staff.page(Role.ADMIN)
        await admin("PATCH", "/settings/me", {"language": "de"})
        host = staff.core.get(PluginHost)
        for path in ("/storage/new", "/destinations/new", "/notifications/new"):
            (text,) = re.findall(r'id="first">(.*?)</script>', (await get(admin, path))[1])
            for each in json.loads(text)["types"]:
                if each["plugin"] == "builtin":
                    continue
                name = f"{each['plugin']}.type_{each['id'].removeprefix(each['plugin'] + '.')}"
                assert each["config_schema"]["description"] == host.texts("de")[name]["message"], each["id"]
                assert each["name"], each["id"]
                choices = {"s3": "provider", "youtube": "privacy", "twitch": "ingest"}.get(each["id"])
                if choices:
                    field = each["config_schema"]["properties"][choices]
                    assert set(field["x-castcore-names"]) == set(field["enum"]), each["id"]
