"""Preflights: what is found, how it is told, and what it keeps off the air."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, get_args
from uuid import uuid4

import pytest

from castcore_core.preflight.check import Category, Check
from castcore_core.preflight.examination import Examination
from castcore_core.preflight.models import PreflightReport
from servers.house import KEY, make_destination, make_job, make_profile
from servers.media import clips
from servers.staff import Staff, Visitor

__all__ = ["clips"]


async def look(visitor: Visitor, job: Mapping[str, Any]) -> dict[str, Any]:
    reply = await visitor("POST", f"/stream-jobs/{job['id']}/preflight?wait=true")
    assert reply.status == 200, reply.body
    return dict(reply.body)


def lines(report: Mapping[str, Any], category: str) -> dict[str, str]:
    """Return code → level of one category."""
    return {each["code"]: each["level"] for each in report["checks"] if each["category"] == category}


async def listen() -> tuple[asyncio.Server, int]:
    """Return a server that takes connections and says nothing."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


async def test_a_job_that_will_work_is_not_red(operator: Visitor) -> None:
    server, port = await listen()
    async with server:
        destination = await make_destination(operator, url=f"rtmp://127.0.0.1:{port}/live")
        report = await look(operator, await make_job(operator, to=destination["id"]))
    await server.wait_closed()
    assert (report["state"], report["can_start"], report["stale"]) == ("done", True, False)
    assert report["level"] in ("green", "yellow")
    assert lines(report, "destination") == {"destinations.reachable": "green"}
    assert lines(report, "encoder") == {"preflight.encoder": "green"}
    assert lines(report, "source") == {"preflight.source": "green"}
    assert lines(report, "plan") == {"preflight.plan": "green"}
    assert {"ffmpeg", "limits", "machine"} < {each["category"] for each in report["checks"]}
    assert KEY not in str(report)


async def test_what_may_be_over_in_a_moment_blocks_nothing(operator: Visitor) -> None:
    destination = await make_destination(operator)
    source = {"kind": "url", "url": "rtmp://127.0.0.1:1/live/nobody-there"}
    report = await look(operator, await make_job(operator, to=destination["id"], source=source))
    assert report["can_start"] is True
    assert lines(report, "destination") == {"destinations.unreachable": "red", "preflight.no_destination": "red"}
    assert set(lines(report, "source").values()) == {"yellow"}
    assert report["level"] == "red"


async def test_one_destination_of_two_is_no_reason_to_stay_off_the_air(operator: Visitor) -> None:
    server, port = await listen()
    async with server:
        good = await make_destination(operator, "Good", url=f"rtmp://127.0.0.1:{port}/live")
        bad = await make_destination(operator, "Bad")
        outputs = [{"destination_id": good["id"]}, {"destination_id": bad["id"]}]
        report = await look(operator, await make_job(operator, outputs=outputs))
    await server.wait_closed()
    assert lines(report, "destination") == {"destinations.reachable": "green", "destinations.unreachable": "yellow"}


async def test_what_cannot_work_blocks(operator: Visitor, house: Staff) -> None:
    nowhere = await look(operator, await make_job(operator, "Nowhere"))
    assert (nowhere["can_start"], lines(nowhere, "plan")) == (False, {"streams.no_output": "red"})
    destination = await make_destination(operator)
    missing = {"kind": "file", "path": str(house.core.folder.media / "missing.mp4")}
    gone = await look(operator, await make_job(operator, "Gone", to=destination["id"], source=missing))
    assert (gone["can_start"], lines(gone, "source")) == (False, {"media.not_found": "red"})
    profile = await make_profile(operator, copy_mode="all")
    raw = await look(operator, await make_job(operator, "Raw", to=destination["id"], profile_id=profile["id"]))
    assert (raw["can_start"], lines(raw, "plan")) == (False, {"streams.nothing_to_copy": "red"})


async def test_a_file_is_looked_into(operator: Visitor, house: Staff, clips: Mapping[str, Path]) -> None:
    path = house.core.folder.media / "film.mp4"
    shutil.copy(clips["av"], path)
    destination = await make_destination(operator)
    job = await make_job(operator, to=destination["id"], source={"kind": "file", "path": str(path), "loop": True})
    report = await look(operator, job)
    assert lines(report, "source") == {"preflight.source_seen": "green"}
    (seen,) = [each for each in report["checks"] if each["category"] == "source"]
    assert seen["params"] == {"source": "film.mp4", "picture": "h264 320x180", "sound": "aac stereo"}


async def test_a_destination_that_is_on_air_elsewhere_is_told(operator: Visitor) -> None:
    destination = await make_destination(operator)
    other = await make_job(operator, "Other", to=destination["id"])
    await operator("POST", f"/stream-jobs/{other['id']}/start")
    report = await look(operator, await make_job(operator, to=destination["id"]))
    assert lines(report, "destination")["streams.destination_busy"] == "red"
    assert report["can_start"] is False


async def test_a_port_that_somebody_has_is_told(operator: Visitor) -> None:
    server, port = await listen()
    async with server:
        destination = await make_destination(operator)
        job = await make_job(operator, to=destination["id"], source={"kind": "ingest", "port": port})
        assert lines(await look(operator, job), "source") == {"preflight.port_in_use": "red"}
    await server.wait_closed()
    assert lines(await look(operator, job), "source") == {"preflight.ingest": "green"}


async def test_limits_of_destinations_are_held_against_the_profile(
    operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    from castcore_core.builtin.rtmp import RtmpDestination
    from castcore_sdk import StreamLimits

    limits = StreamLimits(
        max_video_bitrate=200_000, max_height=100, max_fps=10, keyframe_interval=timedelta(seconds=1),
        video_codecs=frozenset({"vp9"}), audio_codecs=frozenset({"mp3"}), max_audio_bitrate=1000,
    )  # fmt: skip
    monkeypatch.setattr(RtmpDestination, "limits", limits)
    profile, destination = await make_profile(operator), await make_destination(operator)
    report = await look(operator, await make_job(operator, to=destination["id"], profile_id=profile["id"]))
    assert set(lines(report, "limits")) == {
        f"preflight.over_{what}"
        for what in (
            "video_bitrate",
            "height",
            "fps",
            "keyframe_interval",
            "video_codec",
            "audio_codec",
            "audio_bitrate",
        )
    }
    assert set(lines(report, "limits").values()) == {"yellow"}


async def test_the_events_are_told_live_and_replayed(operator: Visitor, viewer: Visitor) -> None:
    job = await make_job(operator, to=(await make_destination(operator))["id"])
    begun = await operator("POST", f"/stream-jobs/{job['id']}/preflight")
    assert (begun.status, begun.body["state"]) == (202, "running")
    path = begun.headers["Location"]
    assert path == f"/api/v1/sse/preflight/{begun.body['id']}"
    live = events((await viewer("GET", path)).body)
    assert {kind for kind, _ in live} == {"check", "report"}
    assert live[-1][1] | {"state": "done"} == live[-1][1]
    assert events((await viewer("GET", path)).body) == live
    history = (await viewer("GET", f"/stream-jobs/{job['id']}/preflight")).body
    assert (history["total"], history["items"][0]["id"]) == (1, begun.body["id"])
    assert [data for kind, data in live if kind == "check"] == history["items"][0]["checks"]
    assert (await viewer("GET", f"/sse/preflight/{uuid4()}")).code == "preflight.not_found"


async def test_reports_of_an_earlier_life_are_replayed(operator: Visitor, viewer: Visitor) -> None:
    job = await make_job(operator)
    check = {"code": "x.y", "category": "plan", "level": "red", "blocking": True, "params": {}, "docs": ""}
    done = await PreflightReport.create(
        job_id=job["id"], state="done", server="earlier", level="red", can_start=False, checks=[check], revisions={}
    )
    told = events((await viewer("GET", f"/sse/preflight/{done.id}")).body)
    assert told == [
        ("check", check),
        ("report", {"id": str(done.id), "state": "done", "level": "red", "can_start": False}),
    ]


async def test_a_report_gets_stale_when_the_job_changes(operator: Visitor) -> None:
    job = await make_job(operator, to=(await make_destination(operator))["id"])
    await look(operator, job)
    path = f"/stream-jobs/{job['id']}"
    await operator("PATCH", path, {"tags": ["x"]})
    assert (await operator("GET", f"{path}/preflight")).body["items"][0]["stale"] is False
    await operator("PATCH", path, {"source": {"fps": 25}})
    assert (await operator("GET", f"{path}/preflight")).body["items"][0]["stale"] is True


async def test_the_gate_keeps_red_jobs_off_the_air_until_an_admin_overrides_it(
    operator: Visitor, admin: Visitor
) -> None:
    job = await make_job(operator, to=(await make_destination(operator))["id"])
    path = f"/stream-jobs/{job['id']}"
    assert (await admin("PATCH", "/settings", {"preflight_gate": True})).status == 200
    refused = await operator("POST", f"{path}/start")
    assert (refused.status, refused.code) == (409, "preflight.red")
    history = (await operator("GET", f"{path}/preflight")).body
    assert refused.body["error"]["params"]["report"] == history["items"][0]["id"]
    assert (await operator("POST", f"{path}/restart")).code == "preflight.red"
    assert (await operator("POST", f"{path}/start?override=true")).code == "auth.forbidden"
    assert (await admin("POST", f"{path}/start?override=true")).body["desired"] == "running"
    audited = (await admin("GET", f"/audit?target={job['id']}&action=preflight.*")).body["items"]
    assert {each["action"] for each in audited} == {"preflight.overridden", "preflight.override"}
    assert (await operator("POST", f"{path}/restart")).status == 200, "what is on air is not looked at again"


async def test_the_gate_does_not_open_because_an_examination_breaks(
    operator: Visitor, admin: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: Examination) -> AsyncIterator[Check]:
        raise RuntimeError("a fault of ours")
        yield

    monkeypatch.setattr(Examination, "run", broken)
    job = await make_job(operator, to=(await make_destination(operator))["id"])
    assert (await admin("PATCH", "/settings", {"preflight_gate": True})).status == 200
    refused = await operator("POST", f"/stream-jobs/{job['id']}/start")
    assert (refused.status, refused.code) == (409, "preflight.unfinished")
    assert (await admin("POST", f"/stream-jobs/{job['id']}/start?override=true")).body["desired"] == "running"


async def test_two_who_ask_at_once_get_one_report(operator: Visitor) -> None:
    job = await make_job(operator, to=(await make_destination(operator))["id"])
    one, two = await asyncio.gather(look(operator, job), look(operator, job))
    assert one == two


def events(text: str) -> list[tuple[str, Any]]:
    """Return kind and data of every server-sent event."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if "event" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def test_every_category_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/preflight.md").read_text(encoding="utf-8")
    headings = {line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")}
    assert set(get_args(Category)) <= headings
