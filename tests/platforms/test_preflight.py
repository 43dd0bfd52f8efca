"""What preflight says of a platform: its account, and what it takes of each picture."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from castcore_core.platforms.models import PlatformAccount
from castcore_sdk import StreamLimits
from platforms.scene import Stage, connected, kept
from servers.house import make_job, make_profile
from servers.platform import TYPE, register
from servers.staff import Staff, Visitor


class Strict(Stage):
    """Takes more of a big picture, as YouTube does."""

    id = "strictplatform"

    def limits_for(self, width: int, height: int, fps: float, codec: str, /) -> StreamLimits:
        assert codec == "h264"
        return StreamLimits(
            max_video_bitrate=1_000_000 if height < 720 else 4_000_000,
            constant_bitrate=True,
            keyframe_interval=timedelta(seconds=4),
        )


async def _checks(visitor: Visitor, job: str, category: str) -> list[dict[str, Any]]:
    reply = await visitor("POST", f"/stream-jobs/{job}/preflight?wait=true")
    assert reply.status == 200, reply.body
    return [each for each in reply.body["checks"] if each["category"] == category]


async def _destination(visitor: Visitor, **fields: Any) -> str:
    reply = await visitor("POST", "/destinations", {"name": "Live", "type": TYPE, **fields})
    assert reply.status == 201, reply.body
    return str(reply.body["id"])


async def test_limits_follow_the_picture(operator: Visitor, house: Staff, tmp_path: Path) -> None:
    register(house.core, Strict)
    destination = await _destination(operator, type=Strict.id)
    video = {
        "width": 640,
        "height": 360,
        "fps": 25,
        "bitrate": 2_000_000,
        "keyframe_interval": 5,
        "rate_control": "vbr",
    }
    small = await make_profile(operator, "small", video=video)
    big = await make_profile(operator, "big", video={**video, "width": 1280, "height": 720, "rate_control": "cbr"})
    job = await make_job(operator, to=destination, profile_id=small["id"])
    found = {each["code"]: each["params"] for each in await _checks(operator, job["id"], "limits")}
    assert found.keys() == {f"preflight.over_{each}" for each in ("video_bitrate", "rate_control", "keyframe_interval")}
    assert found["preflight.over_video_bitrate"]["limit"] == 1_000_000
    outputs = [{"destination_id": destination, "profile_id": big["id"]}]
    assert (await operator("PATCH", f"/stream-jobs/{job['id']}", {"outputs": outputs})).status == 200
    assert [each["code"] for each in await _checks(operator, job["id"], "limits")] == [
        "preflight.over_keyframe_interval"
    ]


async def test_the_account_has_to_be_connected(operator: Visitor, page: Visitor) -> None:
    account = await kept(page)
    job = await make_job(operator, to=await _destination(operator, account=account["id"]))
    lines = {each["code"]: each["level"] for each in await _checks(operator, job["id"], "destination")}
    assert lines == {"platforms.not_connected": "red", "preflight.no_destination": "red"}


async def test_a_withdrawn_permission_is_told(operator: Visitor, page: Visitor) -> None:
    account = await connected(page)
    job = await make_job(operator, to=await _destination(operator, account=account["id"]))
    assert [each["level"] for each in await _checks(operator, job["id"], "destination")] == ["green"]
    await PlatformAccount.all().update(state="reauthentication")
    lines = await _checks(operator, job["id"], "destination")
    assert lines[0]["code"] == "platforms.reauthentication"
    assert lines[0]["params"] == {"account": "Main channel", "destination": "Live"}
