"""Stream keys stay between the plan's giver and the server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psutil

from castcore_core.runner.event import LogLine, Notice, OutputState, SourceState
from castcore_core.runner.plan import OutputPlan, Ref, RtmpEndpoint, SourcePlan
from runner.scene import Sink, attached, job, recording, rtmp, running
from runner.test_source import pushing
from servers.nginx import NginxRtmp, free_port

CANARY = "canary-3f9c1d-stream-key"
QUERY = "token=canary-3f9c1d-query"


def everything_about(processes: list[psutil.Process]) -> str:
    found = []
    for one in processes:
        for name in ("cmdline", "environ"):
            found.append(Path(f"/proc/{one.pid}/{name}").read_bytes().decode("utf-8", "replace"))
    return "\n".join(found)


def everything_in(folder: Path) -> str:
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in folder.rglob("*") if path.is_file())


async def test_a_canary_key_is_nowhere_but_at_the_server(
    sink: Sink, folder: Path, nginx: NginxRtmp, tmp_path: Path
) -> None:
    source = SourcePlan(
        kind="rtmp_pull", name="Studio", live=True, endpoint=RtmpEndpoint(url=nginx.url(), stream_key="in")
    )
    plan = job(
        replace(rtmp("a", sink.url), endpoint=RtmpEndpoint(url=sink.url, stream_key="out")),
        replace(
            rtmp("wrong", ""), endpoint=RtmpEndpoint(url=nginx.url(app="refuse"), stream_key="refused", password="pass")
        ),
        recording("rec", tmp_path / "film.mkv"),
        source=source,
        encoder=None,
        lifetime="detached",
    )
    secrets = {"in": f"{CANARY}-in", "out": f"{CANARY}-out?{QUERY}", "refused": f"{CANARY}-no", "pass": f"{CANARY}-pw"}
    async with pushing(nginx.url(secrets["in"])), running(folder, plan, secrets) as run:
        await sink.until(lambda: any(one.key == secrets["out"] for one in sink.sessions))
        await run.seen(OutputState, output="wrong", state="reconnecting")
        await sink.playing(secrets["out"], 10)
        await run.up("rec")
        nginx.stop()
        await run.seen(SourceState, state="lost")
        processes = [psutil.Process(run.pid), *run.children()]
        assert len(processes) == 2
        assert CANARY not in everything_about(processes)
        assert CANARY not in everything_in(folder)
        async with attached(folder, "job", after=0) as second:
            await second.seen(SourceState, state="lost")
            assert "canary" not in repr(second.events) + repr(second.client.hello)
        await run.client.stop()
        await run.end()
        assert "canary" not in repr(run.events)
    assert "canary" not in everything_in(folder)


async def test_a_canary_key_of_a_push_in_is_not_told_on(sink: Sink, folder: Path) -> None:
    port = free_port()
    endpoint = RtmpEndpoint(url=f"rtmp://127.0.0.1:{port}/in", stream_key="in")
    source = SourcePlan(kind="rtmp_push", name="Studio", live=True, endpoint=endpoint, up_within=None)
    plan = job(rtmp("a", sink.url), source=source, encoder=None)
    async with running(folder, plan, {"in": CANARY, "key-a": f"{CANARY}-out"}) as run:
        await run.seen(Notice, code="runner.listening")
        async with pushing(f"rtmp://127.0.0.1:{port}/in/{CANARY}-typo") as stranger:
            await stranger.wait()
        async with pushing(f"rtmp://127.0.0.1:{port}/in/{CANARY}"):
            await sink.playing(f"{CANARY}-out", 5)
        await run.seen(SourceState, state="lost")
        assert CANARY not in everything_about([psutil.Process(run.pid)])
        assert CANARY not in everything_in(folder) + repr(run.events)


async def test_a_secret_in_an_ffmpegs_complaint_is_masked(sink: Sink, folder: Path) -> None:
    arguments = ("-loglevel", "level+info", "-f", "flv", "-i", "pipe:0", "-c", "copy", "-f", "mpegts",
                 ("udp://no-such-host.invalid:9999?localaddr=", Ref(kind="secret", name="pass")))  # fmt: skip
    broken = OutputPlan(id="b", name="b", rendition="main", kind="ffmpeg", arguments=arguments)
    plan = job(rtmp("a", sink.url), broken)
    async with running(folder, plan, {"key-a": "a", "pass": CANARY}) as run:
        lost = await run.seen(OutputState, output="b", state="reconnecting")
        assert lost.code.startswith("ffmpeg.")
        assert any("••••" in one.line for one in run.all(LogLine, source="output:b"))
        assert CANARY not in repr(run.events)
        assert CANARY not in everything_in(folder)
