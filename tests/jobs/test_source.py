"""Sources: what is secret in them stays inside, and they name nothing that they may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from castcore_core.streams.input import shown_url
from castcore_core.streams.models import StreamJob
from servers.house import faults, make_job
from servers.staff import Staff, Visitor

CANARY = "canary-in-a-source-41"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"rtmp://127.0.0.1/live/{CANARY}", "rtmp://127.0.0.1/live/••••e-41"),
        (f"rtmps://u:{CANARY}@127.0.0.1/live/key?a={CANARY}", "rtmps://u:••••@127.0.0.1/live/••••"),
        (f"https://user:{CANARY}@127.0.0.1/a.m3u8?token={CANARY}", "https://user:••••@127.0.0.1/a.m3u8?••••"),
        (f"srt://127.0.0.1:9000?passphrase={CANARY}", "srt://127.0.0.1:9000?••••"),
        (f"rtsp://cam:{CANARY}@127.0.0.1/stream1", "rtsp://cam:••••@127.0.0.1/stream1"),
    ],
)
async def test_addresses_come_back_without_their_secrets(operator: Visitor, url: str, shown: str) -> None:
    assert shown_url(url) == shown
    made = await make_job(operator, source={"kind": "url", "url": url})
    assert made["source"] == {"kind": "url", "url": shown}
    row = await StreamJob.get(id=made["id"])
    assert CANARY not in f"{row.source}{row.source_secret}"
    path = f"/stream-jobs/{made['id']}"
    kept = await operator("PATCH", path, {"source": {"kind": "url", "url": shown}, "tags": ["x"]})
    assert (kept.status, kept.body["revision"]) == (200, 1), "what comes back as it was shown stays"
    assert faults(await operator("PATCH", path, {"source": {"url": "rtmp://h/live/••••9999"}})) == [
        (["source"], "masked_secret")
    ]


async def test_an_ingest_gets_a_port_and_a_key_that_is_shown_once(operator: Visitor) -> None:
    first = await make_job(operator, "One", source={"kind": "ingest"})
    second = await make_job(operator, "Two", source={"kind": "ingest"})
    key = first["source"]["key"]
    assert len(key) >= 20
    assert "•" not in key
    assert first["source"]["port"] != second["source"]["port"]
    path = f"/stream-jobs/{first['id']}"
    shown = (await operator("GET", path)).body["source"]
    assert shown == first["source"] | {"key": f"••••{key[-4:]}"}
    renewed = (await operator("PATCH", path, {"source": {"key": None}})).body["source"]
    assert renewed["port"] == first["source"]["port"]
    assert renewed["key"] not in (key, shown["key"])
    copy = (await operator("POST", f"{path}/duplicate")).body["source"]
    assert copy["port"] not in (first["source"]["port"], second["source"]["port"])
    assert copy["key"] != renewed["key"]
    taken = await operator("POST", "/stream-jobs", {"name": "X", "source": {"kind": "ingest", "port": copy["port"]}})
    assert faults(taken) == [(["source", "port"], "duplicate")]
    weak = await operator("POST", "/stream-jobs", {"name": "X", "source": {"kind": "ingest", "key": "a/b"}})
    assert faults(weak) == [(["source", "ingest", "key"], "key_character")]


async def test_files_are_read_only_where_the_role_may(
    operator: Visitor, admin: Visitor, house: Staff, tmp_path: Path
) -> None:
    media, root = house.core.folder.media, house.core.folder.root
    (media / "link").symlink_to("/etc")
    shared = tmp_path / "shared"
    shared.mkdir()

    async def may(visitor: Visitor, path: object) -> bool:
        body = {"name": str(path)[-90:], "source": {"kind": "file", "path": str(path)}}
        reply = await visitor("POST", "/stream-jobs", body)
        assert reply.status in (201, 422), reply.body
        if reply.status == 201:
            await visitor("DELETE", f"/stream-jobs/{reply.body['id']}")
        return reply.status == 201

    assert await may(operator, media / "film.mp4")
    assert await may(operator, media / "new" / ".." / "film.mp4")
    assert await may(admin, shared / "film.mp4")
    for path in (
        shared / "film.mp4",
        media / "link" / "passwd",
        media / ".." / "keys.json",
        "film.mp4",
    ):
        assert not await may(operator, path), path
    for path in (root / "keys.json", root / "castcore.db", "/proc/self/environ", "/dev/sda", media / "link/../proc"):
        assert not await may(admin, path), path
    assert (await admin("PATCH", "/settings", {"media_roots": [str(shared)]})).status == 200
    assert await may(operator, shared / "film.mp4")
    assert not await may(operator, "/etc/passwd")
    assert not await may(admin, "/etc/passwd"), "where roots are set they bind everybody"
    assert not await may(admin, root / "keys.json")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://169.254.169.254/latest/meta-data", "streams.address_forbidden"),
        ("http://2852039166/", "streams.address_forbidden"),
        ("http://127.0.0.1:8080/api/v1/users", "streams.address_forbidden"),
        ("http://localhost:8080/", "streams.address_forbidden"),
        ("rtsp://[fe80::1]/x", "streams.address_forbidden"),
        ("file:///etc/passwd", None),
        ("concat:/etc/passwd|x", None),
        ("gopher://127.0.0.1/x", "streams.unknown_scheme"),
        ("subfile,,start,0,end,0,,:/etc/passwd", None),
        ("http://[::1", None),
        ("rtmp://127.0.0.1:99999/live", None),
        ("srt://127.0.0.1:9000\n", None),
    ],
)
async def test_addresses_that_may_not_be_played_are_refused(operator: Visitor, url: str, code: str | None) -> None:
    reply = await operator("POST", "/stream-jobs", {"name": "X", "source": {"kind": "url", "url": url}})
    assert reply.status == 422, reply.body
    assert code in (None, reply.code)


@pytest.mark.parametrize("device", ["/dev/sda", "/dev/video0/../sda", ":0.0", "video0", "/dev/video0;x"])
async def test_a_device_is_a_camera(operator: Visitor, device: str) -> None:
    reply = await operator("POST", "/stream-jobs", {"name": "X", "source": {"kind": "device", "device": device}})
    assert reply.status == 422
