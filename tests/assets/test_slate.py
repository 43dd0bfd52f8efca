"""Uploaded pictures and films as the slate of a job."""

from __future__ import annotations

import io
from typing import Any

import av
import pytest

from castcore_core.assets.service import Assets
from castcore_core.core import Core
from castcore_core.rtmp.tag import Tag, TagKind
from castcore_core.runner.argument import Filling
from castcore_core.runner.flv import HEADER, pack
from castcore_core.runner.log import ChildLog
from castcore_core.runner.plan import RenditionPlan
from castcore_core.runner.scrub import Scrubber
from castcore_core.runner.slate import Slate, build_slate
from castcore_core.streams.drawing import draw, foresee
from castcore_core.streams.subject import read_subject
from servers.house import faults, make_destination, make_job
from servers.media import BUNDLED, Clips
from servers.multipart import upload
from servers.staff import Staff, Visitor


async def rendition(core: Core, job: dict[str, Any]) -> RenditionPlan:
    """Return what is planned for a job."""
    subject = await read_subject(core, job["id"], {})
    planned = await draw(core, subject, None, foresee(core, subject))
    return planned.plan.renditions[0]


async def slate_of(core: Core, job: dict[str, Any], ffmpeg: str = BUNDLED) -> Slate:
    """Build a job's slate as its runner does."""
    plan = (await rendition(core, job)).slate
    assert plan is not None
    log = ChildLog("slate", Scrubber([]), lambda line: None)
    return await build_slate(ffmpeg, plan.arguments, Filling(), log, lambda child: None)


def picture(slate: Slate, at: float = 0.0) -> tuple[int, int, int]:
    """Return the colour in the middle of the slate's picture, as YUV."""
    tags: list[Tag] = [*slate.headers]
    for tag in slate.tags():
        if tag.timestamp > at * 1000 + 500:
            break
        tags.append(tag)
    data = HEADER + b"".join(part for tag in tags for part in pack(tag))
    with av.open(io.BytesIO(data), format="flv") as container:
        frame = next(each for each in container.decode(video=0) if (each.time or 0) >= at)
    y, u, v = (bytes(plane)[plane.line_size * (plane.height // 2) + plane.width // 2] for plane in frame.planes)
    return y, u, v


async def job_with(operator: Visitor, fallback: dict[str, Any], name: str = "Show") -> dict[str, Any]:
    destination = await make_destination(operator, name=f"for {name}")
    return await make_job(operator, name, to=destination["id"], fallback=fallback)


async def test_a_picture_stands_in_the_middle(operator: Visitor, house: Staff, clips: Clips, ffmpeg: str) -> None:
    asset = (await upload(operator, clips["logo"].read_bytes())).body
    plain = await slate_of(house.core, await job_with(operator, {"kind": "color", "color": "#000000"}, "Plain"), ffmpeg)
    shown = await slate_of(
        house.core, await job_with(operator, {"kind": "still", "asset_id": asset["id"], "color": "#000000"}), ffmpeg
    )
    assert picture(plain)[0] < 30
    y, u, v = picture(shown)
    # red in BT.709, limited range: 63, 102, 240
    assert (abs(y - 63) < 12, abs(u - 102) < 12, abs(v - 240) < 12) == (True, True, True), (y, u, v)


async def test_it_has_the_parameter_sets_of_the_programme(
    operator: Visitor, house: Staff, clips: Clips, ffmpeg: str
) -> None:
    asset = (await upload(operator, clips["logo"].read_bytes())).body
    film = (await upload(operator, clips["av"].read_bytes())).body
    looks = [
        {"kind": "still"},
        {"kind": "still", "asset_id": asset["id"]},
        {"kind": "video", "asset_id": film["id"]},
    ]
    headers = []
    for number, look in enumerate(looks):
        slate = await slate_of(house.core, await job_with(operator, look, f"Show {number}"), ffmpeg)
        headers.append({(tag.kind, bytes(tag.payload)) for tag in slate.headers if tag.kind is not TagKind.DATA})
    assert headers[0] == headers[1] == headers[2]


async def test_a_film_is_shown_in_a_loop_of_its_length(operator: Visitor, house: Staff, clips: Clips) -> None:
    film = (await upload(operator, clips["av"].read_bytes())).body
    slate = await slate_of(house.core, await job_with(operator, {"kind": "video", "asset_id": film["id"]}))
    keys = []
    for tag in slate.tags():
        if tag.timestamp > 7000:
            break
        if tag.kind is TagKind.VIDEO and tag.is_keyframe:
            keys.append(tag.timestamp)
    assert any(abs(key - 5000) <= 70 for key in keys), keys
    assert picture(slate, 0.0) != picture(slate, 3.0)


async def test_the_preview_names_it(operator: Visitor, house: Staff, clips: Clips) -> None:
    asset = (await upload(operator, clips["logo"].read_bytes())).body
    job = await job_with(operator, {"kind": "still", "asset_id": asset["id"]})
    preview = (await operator("POST", "/ffmpeg/preview", {"job_id": job["id"]})).body
    (slate,) = [each["argv"] for each in preview["processes"] if each["role"] == "slate"]
    assert any(str(house.core.get(Assets).folder) in each for each in slate)


async def test_what_does_not_fit(operator: Visitor, clips: Clips) -> None:
    image = (await upload(operator, clips["logo"].read_bytes())).body["id"]
    film = (await upload(operator, clips["av"].read_bytes())).body["id"]
    gone = "00000000-0000-0000-0000-000000000000"
    for fallback, kind in (
        ({"kind": "video"}, "missing"),
        ({"kind": "video", "asset_id": image}, "wrong_kind"),
        ({"kind": "still", "asset_id": film}, "wrong_kind"),
        ({"kind": "still", "asset_id": gone}, "not_found"),
    ):
        body = {"name": "X", "source": {"kind": "test"}, "fallback": fallback}
        assert faults(await operator("POST", "/stream-jobs", body)) == [(["fallback", "asset_id"], kind)]


async def test_a_file_that_has_gone_leaves_the_built_in_slate(operator: Visitor, house: Staff, clips: Clips) -> None:
    asset = (await upload(operator, clips["logo"].read_bytes())).body
    job = await job_with(operator, {"kind": "still", "asset_id": asset["id"]})
    for path in house.core.get(Assets).folder.iterdir():
        path.unlink()
    assert (await rendition(house.core, job)).slate is not None
    preview = (await operator("POST", "/ffmpeg/preview", {"job_id": job["id"]})).body
    assert "assets.file_missing" in {each["code"] for each in preview["warnings"]}


@pytest.mark.parametrize("kind", ["none", "color"])
async def test_an_asset_that_is_not_shown_is_not_in_use(operator: Visitor, clips: Clips, kind: str) -> None:
    asset = (await upload(operator, clips["logo"].read_bytes())).body
    job = await job_with(operator, {"kind": "still", "asset_id": asset["id"]})
    assert (await operator("PATCH", f"/stream-jobs/{job['id']}", {"fallback": {"kind": kind}})).status == 200
    assert (await operator("DELETE", f"/assets/{asset['id']}")).status == 204
