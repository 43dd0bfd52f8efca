"""Destinations over the API: secrets go in and never come out."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from castcore_core.destinations.models import StreamDestination
from servers.house import KEY, SHOWN, faults, make_destination, make_job
from servers.staff import Staff, Visitor


async def test_a_key_is_masked_locked_and_used(operator: Visitor, viewer: Visitor, house: Staff) -> None:
    made = await make_destination(operator)
    assert made["config"] == {"url": "rtmp://127.0.0.1:1/live", "stream_key": SHOWN}
    for path in ("/destinations", f"/destinations/{made['id']}"):
        assert KEY not in str((await viewer("GET", path)).body)
    row = await StreamDestination.get(id=made["id"])
    assert row.config == {"url": "rtmp://127.0.0.1:1/live"}
    assert row.secrets is not None
    assert KEY not in row.secrets


async def test_absent_keeps_a_string_replaces_and_null_deletes_a_secret(operator: Visitor) -> None:
    path = f"/destinations/{(await make_destination(operator, password='canary-password-1'))['id']}"
    kept = (await operator("PATCH", path, {"config": {"username": "cam"}})).body["config"]
    assert (kept["stream_key"], kept["username"], kept["password"]) == (SHOWN, "cam", "••••rd-1")
    replaced = (await operator("PATCH", path, {"config": {"stream_key": "canary-another-key-5678"}})).body["config"]
    assert replaced["stream_key"] == "••••5678"
    cleared = (await operator("PATCH", path, {"config": {"stream_key": None, "username": None}})).body["config"]
    assert cleared == {"url": "rtmp://127.0.0.1:1/live", "password": "••••rd-1"}


async def test_a_mask_that_comes_back_does_not_become_the_secret(operator: Visitor) -> None:
    made = await make_destination(operator)
    reply = await operator("PATCH", f"/destinations/{made['id']}", {"config": made["config"]})
    assert faults(reply) == [(["config"], "masked_secret")]


async def test_a_short_secret_shows_nothing(operator: Visitor) -> None:
    assert (await make_destination(operator, stream_key="short"))["config"]["stream_key"] == "••••"


async def test_configurations_are_checked_by_their_plugin(operator: Visitor) -> None:
    body = {"name": "X", "type": "rtmp", "config": {"url": f"rtmp://user:{KEY}@127.0.0.1/live"}}
    reply = await operator("POST", "/destinations", body)
    assert (reply.status, reply.code) == (422, "destinations.credentials_in_url")
    assert reply.body["error"]["params"]["field"] == "url"
    assert KEY not in str(reply.body)
    body = {"name": "X", "type": "nobody", "config": {}}
    reply = await operator("POST", "/destinations", body)
    assert (reply.status, reply.code) == (422, "extensions.type_unknown")
    body = {"name": "X", "type": "srt", "config": {"url": "srt://127.0.0.1:9000", "mode": "sideways"}}
    assert (await operator("POST", "/destinations", body)).code == "config.invalid"


@pytest.mark.parametrize(
    "url",
    [
        "rtmp://169.254.169.254/live",
        "rtmp://[fe80::1]/live",
        "rtmp://[::ffff:169.254.169.254]/live",
        "rtmp://[64:ff9b::a9fe:a9fe]/live",
        "rtmp://100.100.100.200/live",
        "rtmp://127.0.0.1:8080/live",
        "rtmp://localhost:8080/live",
        "rtmp://0.0.0.0:8080/live",
    ],
)
async def test_metadata_services_and_our_own_port_are_out_of_reach(operator: Visitor, url: str) -> None:
    reply = await operator("POST", "/destinations", {"name": "X", "type": "rtmp", "config": {"url": url}})
    assert (reply.status, reply.code) == (422, "streams.address_forbidden"), reply.body
    assert reply.body["error"]["params"]["field"] == "config.url"


async def test_private_addresses_can_be_forbidden(operator: Visitor, admin: Visitor) -> None:
    made = await make_destination(operator)
    assert (await admin("PATCH", "/settings", {"private_addresses": False})).status == 200
    for host in ("10.1.2.3", "127.0.0.1", "[fd12::1]", "192.168.1.1"):
        body = {"name": "X", "type": "rtmp", "config": {"url": f"rtmp://{host}/live"}}
        reply = await operator("POST", "/destinations", body)
        assert reply.body["error"]["params"]["reason"] == "private", host
    tested = (await operator("POST", f"/destinations/{made['id']}/test")).body
    assert [each["code"] for each in tested["checks"]] == ["streams.address_forbidden"]


async def test_files_are_written_only_where_the_role_may(operator: Visitor, admin: Visitor, house: Staff) -> None:
    folder = house.core.folder
    places = {"/etc/x.mp4": (422, 201), f"{folder.media}/x.mp4": (201, 409), f"{folder.root}/keys.mp4": (422, 422)}
    for path, expected in places.items():
        body = {"name": path[-20:], "type": "file", "config": {"path": path}}
        assert (
            (await operator("POST", "/destinations", body)).status,
            (await admin("POST", "/destinations", body)).status,
        ) == expected
    link = folder.media / "out"
    link.symlink_to("/etc")
    body = {"name": "link", "type": "file", "config": {"path": f"{link}/x.mp4"}}
    assert (await operator("POST", "/destinations", body)).code == "streams.path_forbidden"


async def test_a_test_says_what_is_wrong_and_publishes_nothing(operator: Visitor) -> None:
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        made = await make_destination(operator, url=f"rtmp://127.0.0.1:{port}/live")
        good = (await operator("POST", f"/destinations/{made['id']}/test")).body
        assert (good["ok"], good["checks"][0]["code"]) == (True, "destinations.reachable")
    await server.wait_closed()
    bad = (await operator("POST", f"/destinations/{made['id']}/test")).body
    assert (bad["ok"], bad["checks"][0]["code"]) == (False, "destinations.unreachable")
    assert b"".join(heard) == b""


async def test_a_destination_in_use_is_taken_out_by_force_unless_it_is_on_air(operator: Visitor) -> None:
    made = await make_destination(operator)
    job = await make_job(operator, to=made["id"])
    path = f"/destinations/{made['id']}"
    refused = await operator("DELETE", path)
    assert (refused.code, refused.body["error"]["params"]["by"]) == ("conflict.in_use", job["name"])
    await operator("POST", f"/stream-jobs/{job['id']}/start")
    assert (await operator("DELETE", f"{path}?force=true")).code == "conflict.in_use"
    await operator("POST", f"/stream-jobs/{job['id']}/stop")
    assert (await operator("DELETE", f"{path}?force=true")).status == 204
    assert (await operator("GET", f"/stream-jobs/{job['id']}")).body["outputs"] == []


async def test_types_describe_their_forms_and_limits(viewer: Visitor) -> None:
    found = {each["id"]: each for each in (await viewer("GET", "/destinations/types")).body["items"]}
    assert {"rtmp", "srt", "hls", "file", "udp"} <= set(found)
    schema = found["rtmp"]["config_schema"]
    assert schema["properties"]["stream_key"]["x-castcore-secret"] is True
    assert schema["required"] == ["url"]
    assert "h264" in found["rtmp"]["limits"]["video_codecs"]
    assert found["rtmp"]["protocols"] == ["rtmp", "rtmps"]


async def test_the_list_filters(operator: Visitor) -> None:
    await make_destination(operator, "One")
    await make_destination(operator, "Two")
    two = (await operator("GET", "/destinations?q=tw")).body
    assert [each["name"] for each in two["items"]] == ["Two"]
    await operator("PATCH", f"/destinations/{two['items'][0]['id']}", {"enabled": False})
    assert (await operator("GET", "/destinations?enabled=false")).body["total"] == 1
    assert (await operator("GET", "/destinations?type=srt")).body["total"] == 0
    assert (
        await operator("POST", "/destinations", {"name": "One", "type": "udp", "config": {"url": "udp://127.0.0.1:9"}})
    ).code == "conflict.duplicate"


@pytest.mark.parametrize(("method", "suffix"), [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test")])
async def test_what_does_not_exist_is_not_found(method: str, suffix: str, operator: Visitor) -> None:
    reply = await operator(method, f"/destinations/{uuid4()}{suffix}", {} if method == "PATCH" else None)
    assert (reply.status, reply.code) == (404, "destinations.not_found")


async def test_a_secret_moved_to_another_row_does_not_open(operator: Visitor, house: Staff) -> None:
    first, second = (
        await make_destination(operator, "One"),
        await make_destination(operator, "Two", stream_key="other-key-12345"),
    )
    row = await StreamDestination.get(id=first["id"])
    await StreamDestination.filter(id=second["id"]).update(secrets=row.secrets)
    reply = await operator("GET", f"/destinations/{second['id']}")
    assert (reply.status, reply.code) == (409, "secrets.unreadable")
    assert KEY not in str(reply.body)
