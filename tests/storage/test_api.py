"""Storage sources and mounts over the API, as users and programs see them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from quart import Quart

from servers.awkward import CANARY, Awkward
from servers.castcore import application

Client = Any
"""Quart's client for tests; pytest takes its name for a test."""


@pytest.fixture
async def app(storage: Awkward, data: Path) -> AsyncIterator[Quart]:
    async with application(data) as opened:
        yield opened


@pytest.fixture
def client(app: Quart) -> Client:
    return app.test_client()


async def ask(client: Client, method: str, path: str, **values: Any) -> tuple[int, Any]:
    answer = await client.open(f"/api/v1/{path}", method=method, **values)
    body = await answer.get_data()
    assert CANARY not in body.decode()
    return answer.status_code, await answer.get_json() if body else None


async def test_a_source_lives_from_its_creation_to_its_end(client: Client, storage: Awkward) -> None:
    (storage.root / "b.mp4").write_bytes(b"123")
    (storage.root / "a folder").mkdir()
    (storage.root / "C.mp4").write_bytes(b"")
    wanted = {"name": "NAS", "type": "awkward", "config": dict(storage.config), "rescan_interval": 3600}
    status, made = await ask(client, "POST", "storage-sources", json=wanted)
    assert status == 201
    assert made["config"]["password"] == "••••rage"
    assert (made["state"], made["available"], made["read_only"], made["automount"]) == ("unmounted", True, True, False)
    source = made["id"]

    assert await ask(client, "POST", "storage-sources", json=wanted) == (
        409,
        {"error": {"code": "conflict.duplicate", "params": {"field": "name"}, "level": "error"}},
    )
    status, tested = await ask(client, "POST", f"storage-sources/{source}/test")
    assert (status, tested["ok"], tested["checks"][0]["code"]) == (200, True, "storage.readable")

    status, page = await ask(client, "GET", f"storage-sources/{source}/browse")
    assert [(each["name"], each["is_dir"], each["size"]) for each in page["items"]] == [
        ("a folder", True, None),
        ("b.mp4", False, 3),
        ("C.mp4", False, 0),
    ]
    status, page = await ask(client, "GET", f"storage-sources/{source}/browse?limit=1&offset=1")
    assert ([each["path"] for each in page["items"]], page["total"]) == (["b.mp4"], 3)
    status, page = await ask(client, "GET", f"storage-sources/{source}/browse?path=a%20folder")
    assert page["items"] == []

    status, mount = await ask(client, "GET", f"mounts/{source}/status")
    assert (mount["state"], mount["last_error"], mount["readers"]) == ("mounted", None, 0)
    assert (await ask(client, "POST", f"mounts/{source}/unmount"))[1]["state"] == "unmounted"
    status, refused = await ask(client, "GET", f"storage-sources/{source}/browse")
    assert (status, refused["error"]["code"]) == (503, "storage.unmounted")
    assert (await ask(client, "POST", f"mounts/{source}/mount"))[1]["pid"]

    change = {"name": "Other", "rescan_interval": None, "config": {"password": "a new password"}}
    status, changed = await ask(client, "PATCH", f"storage-sources/{source}", json=change)
    assert (changed["name"], changed["rescan_interval"], changed["revision"]) == ("Other", None, 2)
    assert changed["config"]["password"] == "••••word"
    status, listed = await ask(client, "GET", "storage-sources?q=oth&type=awkward")
    assert [each["id"] for each in listed["items"]] == [source]

    assert (await ask(client, "DELETE", f"storage-sources/{source}"))[0] == 204
    for path in (f"storage-sources/{source}", f"mounts/{source}/status", f"storage-sources/{source}/browse"):
        status, gone = await ask(client, "GET", path)
        assert (status, gone["error"]["code"]) == (404, "storage.source_unknown")


async def test_types_tell_what_they_can_and_how_they_are_configured(client: Client) -> None:
    _, answer = await ask(client, "GET", "storage-sources/types")
    types = {each["id"]: each for each in answer["items"]}
    assert types["local"]["capabilities"] == ["write"]
    assert types["awkward"]["plugin"] == "awkward"
    assert types["awkward"]["config_schema"]["properties"]["password"]["x-castcore-secret"]


async def test_what_does_not_fit_is_refused_with_a_code(client: Client) -> None:
    refusals: list[tuple[dict[str, object], str]] = [
        ({"name": "x", "type": "nothing"}, "extensions.type_unknown"),
        ({"name": "x", "type": "awkward", "config": {"root": "/"}}, "config.missing"),
        ({"name": "x", "type": "local", "config": {"root": "relative"}}, "destinations.path_not_absolute"),
        ({"name": "x", "type": "local", "config": {"root": "/proc"}}, "streams.path_forbidden"),
        # The server's own folder lies in it.
        ({"name": "x", "type": "local", "config": {"root": "/"}}, "streams.path_forbidden"),
        ({"name": "x", "type": "awkward", "rescan_interval": 1}, "validation.failed"),
        ({"name": "x\n", "type": "awkward"}, "validation.failed"),
        ({"type": "awkward"}, "validation.failed"),
    ]
    for wanted, code in refusals:
        status, answer = await ask(client, "POST", "storage-sources", json=wanted)
        assert (status, answer["error"]["code"]) == (422, code)


async def test_paths_never_leave_the_source(client: Client, storage: Awkward) -> None:
    wanted = {"name": "NAS", "type": "awkward", "config": dict(storage.config)}
    _, made = await ask(client, "POST", "storage-sources", json=wanted)
    for path, code in (
        ("..", "storage.path_outside"),
        ("a/../..", "storage.path_outside"),
        ("/etc", "storage.path_absolute"),
        ("a%00b", "request.malformed"),
        ("nothing", "storage.not_found"),
    ):
        status, answer = await ask(client, "GET", f"storage-sources/{made['id']}/browse?path={path}")
        assert answer["error"]["code"] == code, path
        assert status in (400, 404, 422)


async def test_a_test_tells_why_it_fails(client: Client, storage: Awkward) -> None:
    wanted = {"name": "NAS", "type": "awkward", "config": dict(storage.config)}
    _, made = await ask(client, "POST", "storage-sources", json=wanted)
    for fault, code in (("down", "awkward.down"), ("leak", "awkward.password"), ("hang", "storage.timeout")):
        storage.fault(fault)
        status, answer = await ask(client, "POST", f"storage-sources/{made['id']}/test")
        assert (status, answer["ok"], answer["checks"][0]["code"]) == (200, False, code)
        storage.mend(fault)


async def test_a_source_that_a_job_uses_is_not_removed(app: Quart, client: Client, storage: Awkward) -> None:
    wanted = {"name": "NAS", "type": "awkward", "config": dict(storage.config)}
    _, made = await ask(client, "POST", "storage-sources", json=wanted)
    source = {"kind": "storage", "source_id": made["id"], "path": "/a//film.mp4".strip("/")}
    status, job = await ask(client, "POST", "stream-jobs", json={"name": "film", "source": source})
    assert (status, job["source"]["path"]) == (201, "a/film.mp4")
    status, refused = await ask(client, "DELETE", f"storage-sources/{made['id']}")
    assert (status, refused["error"]["params"]) == (409, {"by": "film", "count": 1})
    same = {"source": {"kind": "storage", "source_id": made["id"], "path": "a/film.mp4"}}
    _, patched = await ask(client, "PATCH", f"stream-jobs/{job['id']}", json=same)
    assert patched["revision"] == job["revision"]
    assert (await ask(client, "DELETE", f"storage-sources/{made['id']}?force=true"))[0] == 204


async def test_a_job_names_a_source_that_exists_and_a_path_inside(client: Client, storage: Awkward) -> None:
    wanted = {"name": "NAS", "type": "awkward", "config": dict(storage.config)}
    _, made = await ask(client, "POST", "storage-sources", json=wanted)
    refusals: list[tuple[dict[str, object], str]] = [
        ({"path": "../x"}, "path_outside"),
        ({"path": "/x"}, "path_absolute"),
        ({"path": "."}, "path_invalid"),
        ({"source_id": "11111111-1111-1111-1111-111111111111"}, "not_found"),
        ({"source_id": "x"}, "uuid_parsing"),
        ({"start_at": -1}, "greater_than_equal"),
    ]
    for change, kind in refusals:
        source = {"kind": "storage", "source_id": made["id"], "path": "film.mp4", **change}
        status, answer = await ask(client, "POST", "stream-jobs", json={"name": "film", "source": source})
        assert (status, answer["error"]["params"]["fields"][0]["type"]) == (422, kind)
