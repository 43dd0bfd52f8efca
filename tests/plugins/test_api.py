"""Plugins over the API."""

from __future__ import annotations

import pytest

from castcore_core.db import utc_now
from castcore_core.engine.models import EngineRun
from castcore_core.media.models import MediaItem
from servers.house import admin, house, make_destination, make_job, operator, viewer
from servers.staff import Visitor

__all__ = ["admin", "house", "operator", "viewer"]


async def test_plugins_are_listed_with_what_they_bring(viewer: Visitor) -> None:
    listed = (await viewer("GET", "/plugins")).body
    builtin = listed["items"][0]
    assert (builtin["id"], builtin["builtin"], builtin["state"], builtin["reason"]) == ("builtin", True, "loaded", None)
    assert {"kind": "destination", "id": "rtmp"} in builtin["offers"]
    assert listed["safe_mode"] is None
    assert (await viewer("GET", "/plugins/builtin")).body == builtin


async def test_schemas_are_those_of_everything_that_is_configured(viewer: Visitor) -> None:
    items = (await viewer("GET", "/plugins/builtin/schema")).body["items"]
    schemas = {(each["kind"], each["id"]): each["config_schema"] for each in items}
    assert schemas["destination", "rtmp"]["properties"]["stream_key"]["x-castcore-secret"] is True
    assert "tune" in schemas["encoder_profile", "builtin.x264"]["properties"]


async def test_a_plugin_goes_off_and_on(admin: Visitor, operator: Visitor) -> None:
    assert (await operator("POST", "/plugins/nvenc/disable")).status == 403
    off = await admin("POST", "/plugins/nvenc/disable")
    assert (off.status, off.body["state"], off.body["reason"]["code"]) == (200, "disabled", "plugins.disabled")
    encoders = [each["id"] for each in (await operator("GET", "/ffmpeg-profiles/encoders")).body["items"]]
    assert not any(each.startswith("nvenc") for each in encoders)
    refused = await operator("POST", "/ffmpeg-profiles", {"name": "GPU", "encoder": "nvenc.h264"})
    assert refused.status == 422
    on = await admin("POST", "/plugins/nvenc/enable")
    assert (on.body["state"], on.body["reason"]) == ("loaded", None)
    assert (await operator("POST", "/ffmpeg-profiles", {"name": "GPU", "encoder": "nvenc.h264"})).status == 201
    done = [each["action"] for each in (await admin("GET", "/audit?action=plugins.*&sort=at")).body["items"]]
    assert done == ["plugins.disabled", "plugins.enabled"]


async def test_the_cores_own_stays(admin: Visitor) -> None:
    reply = await admin("POST", "/plugins/builtin/disable")
    assert (reply.status, reply.code) == (422, "plugins.builtin_fixed")


@pytest.mark.parametrize("path", ["", "/schema"])
async def test_an_unknown_plugin_is_not_found(viewer: Visitor, path: str) -> None:
    reply = await viewer("GET", f"/plugins/nobody{path}")
    assert (reply.status, reply.code) == (404, "plugins.unknown")


async def test_a_plugin_whose_destinations_are_on_air_stays_unless_forced(admin: Visitor) -> None:
    job = await make_job(admin, to=(await make_destination(admin))["id"])
    await admin("POST", f"/stream-jobs/{job['id']}/start")
    reply = await admin("POST", "/plugins/builtin/disable")
    assert (reply.code, reply.body["error"]["params"]["by"]) == ("conflict.in_use", job["name"])


@pytest.mark.parametrize("by", ["path", "library"])
async def test_a_plugin_whose_storages_are_on_air_stays_unless_forced(admin: Visitor, by: str) -> None:
    config = {"bucket": "films", "access_key_id": "AKIA", "secret_access_key": "canary-of-s3"}
    made = await admin("POST", "/storage-sources", {"name": "Films", "type": "s3", "config": config})
    assert made.status == 201, made.body
    source: dict[str, object] = {"kind": "storage", "source_id": made.body["id"], "path": "a.mp4"}
    if by == "library":
        item = await MediaItem.create(
            source_id=made.body["id"], path="a.mp4", place="a", name="a", kind="video", version="1", state="ready"
        )
        source = {"kind": "media_item", "media_id": str(item.id)}
    job = await make_job(admin, to=(await make_destination(admin))["id"], source=source)
    assert (await admin("POST", "/plugins/s3/disable")).status == 200
    await admin("POST", "/plugins/s3/enable")
    await admin("POST", f"/stream-jobs/{job['id']}/start")
    reply = await admin("POST", "/plugins/s3/disable")
    assert (reply.code, reply.body["error"]["params"]["by"]) == ("conflict.in_use", job["name"])
    assert (await admin("POST", "/plugins/s3/disable?force=true")).status == 200


async def test_a_plugin_whose_encoder_a_profile_names_stays_unless_forced(admin: Visitor) -> None:
    made = await admin("POST", "/ffmpeg-profiles", {"name": "GPU", "encoder": "nvenc.h264"})
    assert made.status == 201, made.body
    await admin("PATCH", "/settings", {"plugin_install": True})
    for way in ("disable", "uninstall"):
        reply = await admin("POST", f"/plugins/nvenc/{way}")
        assert (reply.code, reply.body["error"]["params"]) == ("conflict.in_use", {"by": "GPU", "count": 1})
    assert (await admin("POST", "/plugins/vaapi/disable")).status == 200
    assert (await admin("POST", "/plugins/nvenc/disable?force=true")).status == 200


async def test_a_plugin_whose_encoder_is_on_air_stays_whatever_the_profile_says_by_now(admin: Visitor) -> None:
    job = await make_job(admin, to=(await make_destination(admin))["id"])
    use = {"rendition": "main", "encoder": "nvenc.h264", "device": "0"}
    await EngineRun.create(job_id=job["id"], params={}, encoders=[use], since=utc_now())
    assert (await admin("POST", "/plugins/nvenc/disable")).status == 200, "it ended long ago"
    await admin("POST", "/plugins/nvenc/enable")
    await admin("POST", f"/stream-jobs/{job['id']}/start")
    reply = await admin("POST", "/plugins/nvenc/disable")
    assert (reply.code, reply.body["error"]["params"]["by"]) == ("conflict.in_use", job["name"])
