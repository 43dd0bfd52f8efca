"""Profiles over the API."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from servers.house import faults, make_job, make_profile
from servers.staff import Staff, Visitor


async def test_a_profile_is_kept_and_comes_back(operator: Visitor, viewer: Visitor) -> None:
    made = await make_profile(operator, expert_args=["-crf", "23"], latency="low")
    reply = await viewer("GET", f"/ffmpeg-profiles/{made['id']}")
    assert reply.status == 200
    assert reply.body == made
    assert (made["video"]["width"], made["video"]["keyframe_interval"], made["audio"]["codec"]) == (320, 2.0, "aac")
    assert made["expert_args"] == ["-crf", "23"]
    assert made["revision"] == 1


async def test_fields_change_one_by_one_and_null_goes_back(operator: Visitor) -> None:
    path = f"/ffmpeg-profiles/{(await make_profile(operator))['id']}"
    changed = (await operator("PATCH", path, {"video": {"fps": 30, "bitrate": None}})).body
    assert changed["video"] | {"fps": 30, "bitrate": None, "width": 320} == changed["video"]
    assert changed["revision"] == 2
    renamed = (await operator("PATCH", path, {"name": "Other"})).body
    assert renamed["name"] == "Other"
    assert renamed["revision"] == 2, "a name changes nothing on air"
    alone = (await operator("PATCH", path, {"video": None})).body
    assert alone["video"] is None
    assert faults(await operator("PATCH", path, {"audio": None})) == [(["audio"], "nothing_left")]


async def test_what_cannot_be_is_refused_with_its_place(operator: Visitor) -> None:
    path = f"/ffmpeg-profiles/{(await make_profile(operator))['id']}"
    assert faults(await operator("PATCH", path, {"video": {"width": 17}}))[0][0] == ["video", "width"]
    assert faults(await operator("PATCH", path, {"video": {"colour": 1}})) == [(["video", "colour"], "extra_forbidden")]
    assert faults(await operator("PATCH", path, {"encoder": "nobody.h264"})) == [(["encoder"], "encoder_unknown")]
    refused = await operator("PATCH", path, {"expert_args": ["-i", "/etc/passwd"]})
    assert (["expert_args", 0], "option_not_allowed") in faults(refused)
    assert (await operator("PATCH", path, {"nonsense": 1})).status == 422


async def test_names_are_unique(operator: Visitor) -> None:
    await make_profile(operator)
    again = await operator("POST", "/ffmpeg-profiles", {"name": "Small"})
    assert (again.status, again.code) == (409, "conflict.duplicate")
    other = await make_profile(operator, "Other")
    renamed = await operator("PATCH", f"/ffmpeg-profiles/{other['id']}", {"name": "Small"})
    assert (renamed.status, renamed.code) == (409, "conflict.duplicate")


async def test_a_profile_in_use_stays(operator: Visitor) -> None:
    made = await make_profile(operator)
    job = await make_job(operator, profile_id=made["id"])
    reply = await operator("DELETE", f"/ffmpeg-profiles/{made['id']}")
    assert (reply.status, reply.code) == (409, "conflict.in_use")
    assert reply.body["error"]["params"] == {"by": job["name"], "count": 1}
    await operator("PATCH", f"/stream-jobs/{job['id']}", {"profile_id": None})
    assert (await operator("DELETE", f"/ffmpeg-profiles/{made['id']}")).status == 204
    assert (await operator("GET", f"/ffmpeg-profiles/{made['id']}")).status == 404


async def test_nobody_overwrites_what_he_has_not_seen(operator: Visitor) -> None:
    made = await make_profile(operator)
    path = f"/ffmpeg-profiles/{made['id']}"
    seen = (await operator("GET", path)).headers["ETag"]
    assert (await operator("PATCH", path, {"latency": "low"}, If_Match=seen)).status == 200
    late = await operator("PATCH", path, {"latency": "standard"}, If_Match=seen)
    assert (late.status, late.code) == (412, "conflict.changed")
    since = await operator("PATCH", path, {"latency": "standard"}, If_Unmodified_Since=made["updated_at"])
    assert since.status == 412


async def test_the_list_filters_sorts_and_pages(operator: Visitor) -> None:
    for name in ("Cinema", "Arena", "Studio A"):
        await make_profile(operator, name)
    page = (await operator("GET", "/ffmpeg-profiles?sort=-name&limit=2")).body
    assert ([each["name"] for each in page["items"]], page["total"]) == (["Studio A", "Cinema"], 3)
    found = (await operator("GET", "/ffmpeg-profiles?q=aren")).body
    assert [each["name"] for each in found["items"]] == ["Arena"]
    assert (await operator("GET", "/ffmpeg-profiles?sort=settings")).status == 422


async def test_a_logo_is_read_only_where_operators_may_read(operator: Visitor, house: Staff) -> None:
    inside = str(house.core.folder.media / "logo.png")
    body = {"name": "Logo", "filters": {"logo": {"path": inside}}}
    assert (await operator("POST", "/ffmpeg-profiles", body)).status == 201
    for path in ("/etc/passwd", str(house.core.folder.root / "keys.json")):
        refused = await operator("POST", "/ffmpeg-profiles", {"name": "X", "filters": {"logo": {"path": path}}})
        assert (refused.status, refused.code) == (422, "streams.path_forbidden")


async def test_encoders_are_listed_with_what_keeps_them_from_working(viewer: Visitor) -> None:
    reply = await viewer("GET", "/ffmpeg-profiles/encoders")
    assert reply.status == 200
    found = {each["id"]: each for each in reply.body["items"]}
    assert found["builtin.x264"]["available"] is True
    assert found["builtin.x264"]["codecs"] == ["h264"]
    for each in found.values():
        assert each["available"] == (each["reasons"] == [])
    assert "crf" in reply.body["expert_options"]


async def test_presets_are_there_to_begin_with(viewer: Visitor) -> None:
    names = [each["name"] for each in (await viewer("GET", "/ffmpeg-profiles/presets")).body["items"]]
    assert names[0] == "source"
    assert {"1080p30", "copy"} < set(names)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_what_does_not_exist_is_not_found(method: str, operator: Visitor) -> None:
    reply = await operator(method, f"/ffmpeg-profiles/{uuid4()}", {} if method == "PATCH" else None)
    assert (reply.status, reply.code) == (404, "profiles.not_found")


async def test_changes_are_audited_without_values(operator: Visitor, admin: Visitor, tmp_path: Path) -> None:
    made = await make_profile(operator)
    await operator("PATCH", f"/ffmpeg-profiles/{made['id']}", {"latency": "low"})
    await operator("DELETE", f"/ffmpeg-profiles/{made['id']}")
    entries = (await admin("GET", f"/audit?target={made['id']}&sort=at")).body["items"]
    assert [each["action"] for each in entries] == ["profiles.created", "profiles.changed", "profiles.deleted"]
    assert entries[1]["fields_changed"] == ["latency"]
