"""Outputs that are an ffmpeg of their own."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import av
import psutil
import pytest

from castcore_core.runner.event import OutputState
from castcore_core.runner.plan import OutputPlan
from runner.scene import Run, Sink, job, keys, recording, rtmp, running


def frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def recorder(run: Run, path: Path) -> psutil.Process:
    return next(one for one in run.children() if any(path.stem in argument for argument in one.cmdline()))


@pytest.mark.parametrize("name", ["film.mkv", "film.mp4"])
async def test_a_recorder_that_is_killed_begins_another_part(
    sink: Sink, folder: Path, tmp_path: Path, name: str
) -> None:
    film = tmp_path / name
    plan = job(rtmp("a", sink.url), recording("rec", film))
    async with running(folder, plan, keys(plan)) as run:
        await run.up("rec")
        await sink.playing("a", 60)
        recorder(run, film).kill()
        lost = await run.seen(OutputState, output="rec", state="reconnecting")
        assert lost.code == "ffmpeg.killed"
        await run.seen(OutputState, output="rec", state="up", times=2)
        await run.client.stop()
        last = await run.end()
    assert frames(film) >= 15
    assert frames(film.with_name(f"{film.stem}-2{film.suffix}")) >= 10
    assert last.totals["rec"].sessions == 2
    assert max(sink.of("a")[0].steps()) < 50


async def test_a_full_disk_is_said_and_disturbs_nobody(sink: Sink, folder: Path, tmp_path: Path) -> None:
    full = recording("rec", tmp_path / "film.mkv")
    full = replace(full, arguments=(*full.arguments[:-1], "-f", "matroska", "/dev/full"))
    plan = job(rtmp("a", sink.url), full)
    async with running(folder, plan, keys(plan)) as run:
        lost = await run.seen(OutputState, output="rec", state="reconnecting")
        assert lost.code == "ffmpeg.disk_full"
        await sink.playing("a", len(sink.of("a")[0].media()) + 10)
    assert max(sink.of("a")[0].steps()) < 50


async def test_a_recorder_that_stands_still_is_cut_off(sink: Sink, folder: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    small = replace(recording("rec", film), queue_ms=500, stall_seconds=1.5)
    plan = job(rtmp("a", sink.url), small)
    plan = replace(plan, encoder=_wide(plan))
    async with running(folder, plan, keys(plan)) as run:
        await run.up("rec")
        process = recorder(run, film)
        process.send_signal(signal.SIGSTOP)
        lost = await run.seen(OutputState, output="rec", state="reconnecting", within=20)
        assert lost.code == "runner.output_stalled"
        await run.seen(OutputState, output="rec", state="up", times=2)
        await run.client.stop()
        last = await run.end()
    assert last.totals["rec"].dropped_tags > 0
    assert last.totals["rec"].dropped_ms > 0
    assert max(sink.of("a")[0].steps()) < 50


def _wide(plan):  # type: ignore[no-untyped-def]
    wide = {"300k": "20M", "testsrc2=s=160x90:r=30": "testsrc2=s=320x180:r=30,noise=alls=100:allf=t"}
    return replace(plan.encoder, arguments=tuple(wide.get(str(one), one) for one in plan.encoder.arguments))


async def test_an_output_whose_secret_is_missing_fails_alone(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url), rtmp("b", sink.url))
    async with running(folder, plan, {"key-a": "a"}) as run:
        failed = await run.seen(OutputState, output="b", state="failed")
        assert (failed.code, failed.params) == ("runner.secret_unknown", {"name": "key-b"})
        await sink.playing("a", 10)


async def test_a_child_gets_no_descriptor_that_it_does_not_need(sink: Sink, folder: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    plan = job(rtmp("a", sink.url), recording("rec", film))
    async with running(folder, plan, keys(plan)) as run:
        await run.up("rec")
        process = recorder(run, film)
        links = [os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{process.pid}/fd")]
        assert not [link for link in links if link.startswith("socket:") or ".lock" in link or ".journal" in link]
        assert os.getpgid(process.pid) == process.pid
        assert os.getsid(process.pid) == run.pid
        assert set(process.environ()) <= {"PATH", "HOME", "LANG", "TZ", "AV_LOG_FORCE_NOCOLOR", "LC_ALL", "LC_CTYPE",
                                          "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"}  # fmt: skip


async def test_an_ffmpeg_that_vanished_is_said(sink: Sink, folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "ffmpeg"
    mine.symlink_to(job().ffmpeg)
    film = tmp_path / "film.mkv"
    plan = job(rtmp("a", sink.url), recording("rec", film), ffmpeg=str(mine))
    async with running(folder, plan, keys(plan)) as run:
        await run.up("rec")
        mine.unlink()
        recorder(run, film).kill()
        await run.seen(OutputState, output="rec", state="reconnecting", code="ffmpeg.missing")
        mine.symlink_to(job().ffmpeg)
        await run.seen(OutputState, output="rec", state="up", times=2)


def test_plan_parts_survive_json() -> None:
    output = recording("rec", Path("/tmp/film.mkv"))
    assert OutputPlan.from_json(output.to_json()) == output
