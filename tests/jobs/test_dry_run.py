"""Dry runs: the machine is measured, and no destination hears of it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import psutil
import pytest

from castcore_core.preflight.dry_run import DryRuns
from servers.house import make_destination, make_job, make_profile
from servers.staff import Staff, Visitor


async def test_a_dry_run_measures_and_connects_to_nobody(operator: Visitor, house: Staff) -> None:
    heard: list[object] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(writer.get_extra_info("peername"))
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        destination = await make_destination(
            operator, url=f"rtmp://127.0.0.1:{server.sockets[0].getsockname()[1]}/live"
        )
        folder = house.core.folder.media / "hls"
        page = {"name": "Page", "type": "hls", "config": {"folder": str(folder)}}
        hls = (await operator("POST", "/destinations", page)).body
        profile = await make_profile(operator)
        outputs = [{"destination_id": destination["id"]}, {"destination_id": hls["id"], "profile_id": profile["id"]}]
        job = await make_job(operator, outputs=outputs, recording={"enabled": True})
        reply = await operator("POST", f"/stream-jobs/{job['id']}/dry-run", {"seconds": 4})
    await server.wait_closed()
    assert reply.status == 200, reply.body
    report = reply.body
    assert report["problem"] is None
    assert [each["id"] for each in report["renditions"]] == ["main", f"profile-{profile['id']}"]
    for each in report["renditions"]:
        assert each["seconds"] == pytest.approx(4, abs=1)
        assert each["longest_keyframe_interval"] == pytest.approx(2, abs=0.2)
        assert 50_000 < each["bitrate"] < 2_000_000
    assert report["encoder"]["speed"] == pytest.approx(1, abs=0.25)
    assert report["cpu_percent"] > 0
    assert report["memory"] > 10_000_000
    assert heard == []
    assert not folder.exists()
    assert not (house.core.folder.media / "recordings").exists()
    assert left_over(house.core.folder.run) == []


async def test_a_job_that_cannot_run_says_why(operator: Visitor, house: Staff) -> None:
    missing = {"kind": "file", "path": str(house.core.folder.media / "missing.mp4")}
    job = await make_job(operator, source=missing)
    reply = await operator("POST", f"/stream-jobs/{job['id']}/dry-run", {"seconds": 3})
    assert (reply.status, reply.code) == (404, "media.not_found")


async def test_what_is_on_air_is_not_encoded_a_second_time(operator: Visitor) -> None:
    job = await make_job(operator, to=(await make_destination(operator))["id"])
    await operator("POST", f"/stream-jobs/{job['id']}/start")
    reply = await operator("POST", f"/stream-jobs/{job['id']}/dry-run", {"seconds": 3})
    assert (reply.status, reply.code) == (409, "streams.on_air")


async def test_one_dry_run_of_a_job_at_a_time(operator: Visitor) -> None:
    job = await make_job(operator)
    runs = (operator("POST", f"/stream-jobs/{job['id']}/dry-run", {"seconds": 3}) for _ in range(2))
    replies = await asyncio.gather(*runs)
    assert sorted(each.status for each in replies) == [200, 409]
    assert {each.code for each in replies} == {None, "preflight.dry_run_busy"}


@pytest.mark.parametrize("seconds", [0, 2, 31, "many"])
async def test_the_length_is_limited(operator: Visitor, seconds: object) -> None:
    job = await make_job(operator)
    assert (await operator("POST", f"/stream-jobs/{job['id']}/dry-run", {"seconds": seconds})).status == 422


def left_over(folder: Path) -> list[str]:
    """Return files and processes that a dry run has left."""
    files = [each.name for each in folder.iterdir() if each.suffix != ".lock"]
    return files + [str(each) for each in psutil.Process().children() if "ffmpeg" in each.name()]


async def test_what_a_killed_server_left_is_cleared(house: Staff) -> None:
    run = house.core.folder.run
    for name in ("dry-old", "dry-new"):
        (run / name).mkdir()
    os.utime(run / "dry-old", (0, 0))
    house.core.get(DryRuns).clear()
    assert [each.name for each in run.glob("dry-*")] == ["dry-new"]
