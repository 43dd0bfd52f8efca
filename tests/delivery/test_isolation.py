"""One destination fails in any way: the others do not notice, it says why, and it comes back by itself."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from castcore_core.rtmp import Endpoint, publish
from castcore_core.runner.event import OutputState, Progress
from delivery.scene import TEST_PICTURE, Stage, Viewer, viewing
from runner.scene import Run, Sink
from servers.fault import BlackHole, Gate
from servers.nginx import NginxRtmp, free_port, require_nginx
from servers.reading import read
from servers.srt import listening
from servers.tls import TestAuthority

BITRATE = 'name = "heavy"\n[video]\nbitrate = 4000000\n'


@pytest.fixture
def other(tmp_path: Path) -> NginxRtmp:
    """A second server, not started."""
    require_nginx()
    return NginxRtmp(tmp_path / "other")


@contextlib.asynccontextmanager
async def beside(stage: Stage, nginx: NginxRtmp, *targets: str, **options: object) -> AsyncIterator[tuple[Run, Viewer]]:
    """Run to a good destination (``out1``, watched) beside others, and at the end see that it was left in peace."""
    async with stage.running(TEST_PICTURE, nginx.url("good"), *targets, **options) as run:
        await run.up("out1")
        async with viewing(nginx.url("good")) as viewer:
            yield run, viewer
            await viewer.sees(15)
        await run.seen(Progress)
        figures = run.all(Progress)[-1].outputs["out1"]
    assert nginx.publishers("good") == ["good"]
    assert max(viewer.session.steps()) <= 50
    assert max(viewer.pauses()) < 1.5
    assert (figures.sessions, figures.reconnects, figures.dropped_tags) == (1, 0, 0)


async def came_back(run: Run, output: str = "out2", *, times: int = 1) -> None:
    await run.seen(OutputState, output=output, state="up", times=times)


async def failed(run: Run, code: str, output: str = "out2", within: float = 10.0) -> OutputState:
    return await run.seen(OutputState, output=output, state="reconnecting", code=code, within=within)


async def test_a_server_that_is_dropped_and_comes_back(stage: Stage, nginx: NginxRtmp, other: NginxRtmp) -> None:
    with other:
        async with beside(stage, nginx, other.url("key")) as (run, _):
            await run.up("out2")
            await other.published("key")
            other.kill()
            await failed(run, "rtmp.closed")
            await failed(run, "rtmp.refused")
            other.start()
            await came_back(run, times=2)
            await other.published("key", times=2)


async def test_a_port_that_nobody_listens_on(stage: Stage, nginx: NginxRtmp, other: NginxRtmp) -> None:
    async with beside(stage, nginx, other.url("key")) as (run, _):
        await failed(run, "rtmp.refused")
        with other:
            await came_back(run)
            await other.published("key")


async def test_a_server_that_stops_reading(stage: Stage, nginx: NginxRtmp, other: NginxRtmp, tmp_path: Path) -> None:
    profile = tmp_path / "heavy.toml"
    profile.write_text(BITRATE)
    options = {"profile": str(profile), "stall_seconds": 1.5, "queue_ms": 500}
    with other:
        async with beside(stage, nginx, other.url("key"), **options) as (run, viewer):
            await run.up("out2")
            await viewer.sees(5)
            other.freeze()
            await failed(run, "runner.output_stalled", within=20)
            assert run.all(Progress)[-1].outputs["out2"].dropped_tags > 0
            other.thaw()
            await came_back(run, times=2)
            await other.published("key", times=2)


async def test_a_black_hole_and_servers_that_never_answer(stage: Stage, nginx: NginxRtmp) -> None:
    """The ten-second time-outs, all in one run."""
    async with BlackHole() as hole, Gate() as silent, Gate() as silent_tls:
        await silent.lead_nowhere()
        await silent_tls.lead_nowhere()
        targets = [
            f"rtmp://127.0.0.1:{hole.port}/live/hole",
            f"rtmp://127.0.0.1:{silent.port}/live/silent",
            f"rtmps://127.0.0.1:{silent_tls.port}/live/tls",
        ]
        async with beside(stage, nginx, *targets) as (run, _):
            await failed(run, "rtmp.connect_timeout", "out2", within=15)
            await failed(run, "rtmp.handshake_timeout", "out3", within=15)
            await failed(run, "rtmp.handshake_timeout", "out4", within=15)
            await hole.lead_to(nginx.port)
            await silent.lead_to(nginx.port)
            await came_back(run, "out2")
            await nginx.published("hole")
            await run.seen(OutputState, output="out3", state="up", within=15)
            await nginx.published("silent")


async def test_a_wrong_key(stage: Stage, nginx: NginxRtmp, sink: Sink) -> None:
    async with Gate() as gate:
        await gate.lead_to(nginx.port)
        async with beside(stage, nginx, f"rtmp://127.0.0.1:{gate.port}/guarded/bad-key") as (run, _):
            await failed(run, "rtmp.key_refused")
            assert "bad-key" not in repr(run.events)
            await gate.lead_to(int(sink.url.split(":")[2].split("/")[0]))
            await came_back(run)
            await sink.playing("bad-key")


async def test_a_publish_name_in_use(stage: Stage, nginx: NginxRtmp, other: NginxRtmp) -> None:
    with other:
        occupant = await publish(Endpoint.parse(other.url("key")))
        async with beside(stage, nginx, other.url("key")) as (run, _):
            await failed(run, "rtmp.name_in_use")
            await occupant.close()
            await came_back(run)


@pytest.mark.parametrize(("scheme", "code"), [("rtmps", "rtmp.tls_to_plain_port"), ("rtmp", "rtmp.handshake_failed")])
async def test_tls_and_plain_mixed_up(stage: Stage, nginx: NginxRtmp, tmp_path: Path, scheme: str, code: str) -> None:
    authority = TestAuthority(tmp_path)
    with NginxRtmp(tmp_path / "tls", tls=authority.issue("127.0.0.1")) as other:
        wrong, right = (other.port, other.tls_port) if scheme == "rtmps" else (other.tls_port, other.port)
        async with Gate() as gate:
            await gate.lead_to(wrong)
            target = f"{scheme}://127.0.0.1:{gate.port}/live/key"
            async with beside(stage, nginx, target, ca_file=authority.ca_file) as (run, _):
                await failed(run, code)
                await gate.lead_to(right)
                await came_back(run)
                await other.published("key")


async def test_an_srt_peer_that_comes_late_goes_and_comes_again(stage: Stage, nginx: NginxRtmp, tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    async with beside(stage, nginx, f"srt://127.0.0.1:{port}") as (run, _):
        await failed(run, "ffmpeg.srt_refused")
        async with listening(port, tmp_path / "first.ts"):
            await came_back(run)
        await failed(run, "ffmpeg.connection_lost", within=15)
        async with listening(port, tmp_path / "second.ts"):
            await came_back(run, times=2)


async def test_a_disk_that_is_full(stage: Stage, nginx: NginxRtmp, tmp_path: Path) -> None:
    full = tmp_path / "full.mkv"
    full.symlink_to("/dev/full")
    async with beside(stage, nginx, f"file:{full}", overwrite=True) as (run, _):
        await failed(run, "ffmpeg.disk_full")
        await came_back(run)
    assert read(tmp_path / "full-2.mkv").video


async def test_a_folder_that_is_taken_away(stage: Stage, nginx: NginxRtmp, tmp_path: Path) -> None:
    folder = tmp_path / "hls"
    async with beside(stage, nginx, f"hls:{folder}") as (run, viewer):
        await run.up("out2")
        await viewer.sees(90)
        folder.rename(tmp_path / "gone")
        await failed(run, "ffmpeg.folder_missing", within=15)
        (tmp_path / "gone").rename(folder)
        await came_back(run, times=2)
