"""Metadata: kept for a platform or an output, resolved, and shown at a broadcast that is open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from castcore_core.streams.broadcast import Broadcasts
from castcore_core.streams.models import JobOutput
from castcore_core.streams.planning import JobPlanner
from platforms.scene import connected, until
from servers.house import make_destination, make_job
from servers.media import Clips
from servers.multipart import upload
from servers.platform import TYPE, Control
from servers.staff import Staff, Visitor


@pytest.fixture
def control(tmp_path: Path) -> Control:
    folder = tmp_path / "control"
    folder.mkdir()
    return Control(folder)


async def _job(visitor: Visitor, control: Control, name: str = "Morning show", **fields: Any) -> dict[str, Any]:
    config = {"control": str(control.folder)}
    made = await visitor("POST", "/destinations", {"name": f"To {name}", "type": TYPE, "config": config, **fields})
    assert made.status == 201, made.body
    return await make_job(visitor, name, to=made.body["id"], tags=["news", "live"])


async def test_without_any_it_follows_from_the_job(operator: Visitor, viewer: Visitor, control: Control) -> None:
    job = await _job(operator, control)
    reply = await viewer("GET", f"/stream-jobs/{job['id']}/metadata/{TYPE}")
    assert reply.body["platform"] is None
    assert (reply.body["title"], reply.body["resolved"]["title"]) == ("{stream_title}", "Morning show")
    assert reply.body["resolved"]["tags"] == ["news", "live"]


async def test_a_platform_and_one_of_its_outputs(operator: Visitor, page: Visitor, control: Control) -> None:
    account = await connected(page)
    job = await _job(operator, control, account=account["id"])
    [output] = job["outputs"]
    of_type, of_output = (f"/stream-jobs/{job['id']}/metadata/{each}" for each in (TYPE, output["id"]))
    body = {"title": "{stream_title} – {channel_name} ({platform})", "description": "From {server_name}\n{nobody}"}
    kept = await operator("PUT", of_type, body)
    assert kept.status == 200, kept.body
    assert kept.body["platform"] == TYPE
    inherited = await operator("GET", of_output)
    assert inherited.body["platform"] == TYPE
    assert inherited.body["resolved"]["title"] == f"Morning show – Name anna ({TYPE})"
    assert inherited.body["resolved"]["warnings"] == [
        {"code": "metadata.placeholder_unknown", "params": {"placeholder": "nobody", "field": "description"}}
    ]
    own = await operator("PUT", of_output, {"title": "Only here", "category": "Music", "language": "de-AT"})
    assert (own.body["platform"], own.body["description"]) == (output["id"], "")
    assert (await operator("GET", of_type)).body["title"] == body["title"]
    # Without the output, what was written for it goes too.
    assert (await operator("PATCH", f"/stream-jobs/{job['id']}", {"outputs": []})).status == 200
    assert (await operator("GET", of_output)).code == "metadata.no_platform"


@pytest.mark.parametrize(
    "body",
    [
        {"title": ""},
        {"title": "a\nb"},
        {"title": "x" * 501},
        {"description": "x" * 10_001},
        {"description": "\x07"},
        {"tags": ["x"] * 61},
        {"tags": [""]},
        {"language": "not a language"},
        {"privacy": "public"},
    ],
)
async def test_what_cannot_be_shown_is_refused(operator: Visitor, control: Control, body: dict[str, Any]) -> None:
    job = await _job(operator, control)
    assert (await operator("PUT", f"/stream-jobs/{job['id']}/metadata/{TYPE}", body)).code == "validation.failed"


async def test_nowhere_is_not_found(operator: Visitor, control: Control) -> None:
    job = await _job(operator, control)
    other = await _job(operator, control, "Other")
    for platform in ("nowhere", other["outputs"][0]["id"], "ü" * 60):
        reply = await operator("GET", f"/stream-jobs/{job['id']}/metadata/{platform}")
        assert (reply.status, reply.code) == (404, "metadata.no_platform")
    missing = await operator("GET", f"/stream-jobs/00000000-0000-4000-8000-000000000000/metadata/{TYPE}")
    assert missing.code == "streams.not_found"


async def test_texts_are_resolved_without_being_kept(operator: Visitor, admin: Visitor, control: Control) -> None:
    assert (await admin("PATCH", "/settings", {"server_name": "Tower", "time_zone": "Asia/Tokyo"})).status == 200
    reply = await operator("POST", "/metadata/resolve", {"title": "{server_name} {stream_title} {date} {time}"})
    assert reply.status == 200, reply.body
    assert reply.body["title"].startswith("Tower {stream_title} 20")
    assert [each["code"] for each in reply.body["warnings"]] == ["metadata.placeholder_no_value"]
    job = await _job(operator, control)
    body = {"title": "{source_name}|{platform}|{tags}", "tags": ["a"], "job_id": job["id"], "platform": TYPE}
    resolved = (await operator("POST", "/metadata/resolve", body)).body
    assert (resolved["title"].split("|")[1:], resolved["warnings"]) == ([TYPE, "a"], [])


async def test_it_goes_with_the_start(operator: Visitor, house: Staff, control: Control) -> None:
    job = await _job(operator, control)
    await operator("POST", f"/stream-jobs/{job['id']}/start")
    await house.core.get(JobPlanner).plan(job["id"])
    assert control.heard("open")[-1]["push"] is False, "nobody wrote any"
    assert control.heard("open")[-1]["title"] == "Morning show"
    path = f"/stream-jobs/{job['id']}/metadata/{TYPE}"
    await operator("PUT", path, {"title": "Special: {stream_title}", "tags": ["x"]})
    await house.core.get(JobPlanner).plan(job["id"])
    assert control.heard("open")[-1] | {"id": ""} == {
        "call": "open",
        "id": "",
        "title": "Special: Morning show",
        "tags": ["x"],
        "push": True,
    }
    await operator("PUT", path, {"title": "Quiet", "push_on_start": False})
    await house.core.get(JobPlanner).plan(job["id"])
    assert control.heard("open")[-1]["push"] is False


async def test_it_is_pushed_to_what_is_on_air(operator: Visitor, house: Staff, control: Control) -> None:
    job = await _job(operator, control)
    path = f"/stream-jobs/{job['id']}/metadata/{TYPE}"
    await operator("PUT", path, {"title": "Now: {stream_title}"})
    off = await operator("POST", f"{path}/push")
    assert (off.status, off.code) == (409, "metadata.not_on_air")
    await operator("POST", f"/stream-jobs/{job['id']}/start")
    await house.core.get(JobPlanner).plan(job["id"])
    await house.core.get(Broadcasts).aclose()  # as in a process that is not the engine
    pushed = await operator("POST", f"{path}/push")
    assert pushed.body["ok"] is True, pushed.body
    row = await JobOutput.get(job_id=job["id"])
    assert control.heard("metadata") == [
        {"call": "metadata", "id": row.broadcast, "title": "Now: Morning show", "description": ""}
    ]
    control.say(refuse="metadata")
    failed = (await operator("POST", f"{path}/push")).body
    assert (failed["ok"], failed["results"][0]["code"]) == (False, "stageplatform.busy")


async def test_what_shows_nothing_says_so(operator: Visitor, house: Staff) -> None:
    job = await make_job(operator, to=(await make_destination(operator))["id"])
    await operator("POST", f"/stream-jobs/{job['id']}/start")
    await house.core.get(JobPlanner).plan(job["id"])
    reply = await operator("POST", f"/stream-jobs/{job['id']}/metadata/rtmp/push")
    assert (reply.body["ok"], reply.body["results"][0]["code"]) == (False, "metadata.not_supported")


async def test_a_copy_of_a_job_has_it_too(operator: Visitor, control: Control) -> None:
    job = await _job(operator, control)
    await operator("PUT", f"/stream-jobs/{job['id']}/metadata/{TYPE}", {"title": "For all"})
    await operator("PUT", f"/stream-jobs/{job['id']}/metadata/{job['outputs'][0]['id']}", {"title": "For one"})
    copy = (await operator("POST", f"/stream-jobs/{job['id']}/duplicate")).body
    for platform, title in ((TYPE, "For all"), (copy["outputs"][0]["id"], "For one")):
        assert (await operator("GET", f"/stream-jobs/{copy['id']}/metadata/{platform}")).body["title"] == title


async def test_a_thumbnail_goes_along(operator: Visitor, house: Staff, control: Control, clips: Clips) -> None:
    picture = (await upload(operator, clips["still"].read_bytes())).body
    assert picture["media_type"] == "image/png", picture
    job = await _job(operator, control)
    path = f"/stream-jobs/{job['id']}/metadata/{TYPE}"
    missing = await operator("PUT", path, {"thumbnail_id": "00000000-0000-4000-8000-000000000000"})
    assert (missing.status, missing.code) == (404, "metadata.no_thumbnail")
    assert (await operator("PUT", path, {"thumbnail_id": picture["id"]})).body["thumbnail_id"] == picture["id"]
    await operator("POST", f"/stream-jobs/{job['id']}/start")
    await house.core.get(JobPlanner).plan(job["id"])

    async def shown() -> list[dict[str, Any]]:
        return control.heard("thumbnail")

    [told] = await until(shown)
    assert (told["media_type"], told["size"]) == ("image/png", picture["size"])
    assert (await operator("POST", f"{path}/push")).body["ok"] is True
    assert len(control.heard("thumbnail")) == 2
    assert (await operator("DELETE", f"/assets/{picture['id']}")).status == 204
    assert (await operator("GET", path)).body["thumbnail_id"] is None
