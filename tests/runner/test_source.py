"""Where the stream comes from: push, pull, files that are none."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from castcore_core.rtmp import TagKind
from castcore_core.runner.event import JobState, Notice, OutputState, SourceState
from castcore_core.runner.plan import EncoderPlan, JobPlan, OutputPlan, Ref, RtmpEndpoint, SourcePlan
from runner.scene import FFMPEG, Sink, encoder, job, keys, rtmp, running
from servers.faulty import hangs_at, scripted
from servers.media import Clips
from servers.nginx import NginxRtmp, free_port


@contextlib.asynccontextmanager
async def pushing(url: str, seconds: float | None = None) -> AsyncIterator[asyncio.subprocess.Process]:
    """An ffmpeg as somebody's encoder."""
    arguments = [str(one) for one in encoder(seconds).arguments if isinstance(one, str)]
    del arguments[arguments.index("-progress")]
    process = await asyncio.create_subprocess_exec(FFMPEG, *arguments, url, stderr=asyncio.subprocess.DEVNULL)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def push_plan(port: int, *outputs: OutputPlan, live: bool = True, **values: object) -> JobPlan:
    endpoint = RtmpEndpoint(url=f"rtmp://127.0.0.1:{port}/in", stream_key="ingest")
    source = SourcePlan(kind="rtmp_push", name="Studio", live=live, endpoint=endpoint, up_within=None)
    return job(*outputs, source=source, encoder=None, **values)


async def test_push_in_reaches_two_destinations_without_any_ffmpeg(sink: Sink, folder: Path) -> None:
    port = free_port()
    plan = push_plan(port, rtmp("a", sink.url), rtmp("b", sink.url))
    async with running(folder, plan, keys(plan) | {"ingest": "let-me-in"}) as run:
        assert (await run.seen(Notice, code="runner.listening")).params["port"] == port
        async with pushing(f"rtmp://127.0.0.1:{port}/in/let-me-in"):
            await sink.playing("a", 30)
            await sink.playing("b", 30)
            assert run.children() == []
            assert run.all(SourceState)[-1].state == "up"
    for key in "ab":
        (session,) = sink.of(key)
        assert session.in_order
        assert max(session.steps()) <= 50


async def test_a_publisher_that_returns_goes_on_where_the_line_of_time_is(sink: Sink, folder: Path) -> None:
    port = free_port()
    plan = push_plan(port, rtmp("a", sink.url), with_slate=True)
    async with running(folder, plan, keys(plan) | {"ingest": "let-me-in"}) as run:
        await run.seen(Notice, code="runner.listening")
        url = f"rtmp://127.0.0.1:{port}/in/let-me-in"
        async with pushing(url) as first:
            await sink.playing("a", 50)
            first.kill()
        await run.seen(SourceState, state="lost")
        await run.seen(JobState, state="fallback")
        async with pushing(url):
            await run.seen(SourceState, state="up", times=2)
            await run.seen(JobState, state="running", times=2)
            await sink.playing("a", len(sink.of("a")[0].media()) + 20)
    (session,) = sink.of("a")
    for kind in (TagKind.VIDEO, TagKind.AUDIO):
        assert min(session.steps(kind)) >= 0
        assert max(session.steps(kind)) <= 150


async def test_a_wrong_key_and_a_second_publisher_are_turned_away(sink: Sink, folder: Path) -> None:
    port = free_port()
    plan = push_plan(port, rtmp("a", sink.url))
    async with running(folder, plan, keys(plan) | {"ingest": "let-me-in"}) as run:
        await run.seen(Notice, code="runner.listening")
        async with pushing(f"rtmp://127.0.0.1:{port}/in/wrong") as stranger:
            assert await asyncio.wait_for(stranger.wait(), 10) != 0
        assert (await run.seen(Notice, code="runner.push_refused")).params == {"address": "127.0.0.1"}
        async with pushing(f"rtmp://127.0.0.1:{port}/in/let-me-in"):
            await sink.playing("a", 15)
            async with pushing(f"rtmp://127.0.0.1:{port}/in/let-me-in") as second:
                assert await asyncio.wait_for(second.wait(), 10) != 0
            await sink.playing("a", len(sink.of("a")[0].media()) + 10)


async def test_a_publisher_that_says_goodbye_ends_a_job_that_is_not_live(sink: Sink, folder: Path) -> None:
    port = free_port()
    plan = push_plan(port, rtmp("a", sink.url), live=False)
    async with running(folder, plan, keys(plan) | {"ingest": "let-me-in"}) as run:
        await run.seen(Notice, code="runner.listening")
        async with pushing(f"rtmp://127.0.0.1:{port}/in/let-me-in", 1.5):
            last = await run.end()
    assert last.state == "ended"
    assert len(sink.of("a")[0].media()) == 45


async def test_a_taken_port_is_said(sink: Sink, folder: Path) -> None:
    port = int(sink.url.split(":")[2].split("/")[0])
    plan = push_plan(port, rtmp("a", sink.url))
    async with running(folder, plan, keys(plan) | {"ingest": "let-me-in"}) as run:
        last = await run.end()
    assert (last.state, last.code) == ("failed", "rtmp.port_unavailable")


async def test_a_pulled_stream_is_passed_on_and_found_again(sink: Sink, folder: Path, nginx: NginxRtmp) -> None:
    source = SourcePlan(
        kind="rtmp_pull", name="Studio", live=True, endpoint=RtmpEndpoint(url=nginx.url(), stream_key="from")
    )
    plan = job(rtmp("a", sink.url), source=source, encoder=None)
    async with running(folder, plan, keys(plan) | {"from": "camera"}) as run:
        async with pushing(nginx.url("camera")):
            await sink.playing("a", 20)
            nginx.restart()
            await run.seen(SourceState, state="lost")
        async with pushing(nginx.url("camera")):
            await run.seen(SourceState, state="up", times=2)
            await sink.playing("a", len(sink.of("a")[0].media()) + 20)
        assert run.children() == []
    (session,) = sink.of("a")
    assert min(session.steps()) >= 0


async def test_a_pulled_stream_goes_through_an_encoder(sink: Sink, folder: Path, nginx: NginxRtmp) -> None:
    source = SourcePlan(
        kind="rtmp_pull", name="Studio", live=True, endpoint=RtmpEndpoint(url=nginx.url(), stream_key="from")
    )
    made = encoder()
    at = made.arguments.index("-c:v")
    arguments = ("-hide_banner", "-loglevel", "level+warning", "-f", "flv", "-i", "pipe:0", "-s", "80x46",
                 *made.arguments[at:])  # fmt: skip
    plan = job(rtmp("a", sink.url), source=source, encoder=EncoderPlan(arguments=arguments, stdin=True))
    async with pushing(nginx.url("camera")), running(folder, plan, keys(plan) | {"from": "camera"}) as run:
        await sink.playing("a", 30)
        assert len(run.children()) == 1
        run.children()[0].kill()
        await run.seen(Notice, code="runner.encoder_restarted")
        await sink.playing("a", len(sink.of("a")[0].media()) + 20)
    (session,) = sink.of("a")
    assert min(session.steps()) >= 0


def file_encoder(path: str, *options: str) -> EncoderPlan:
    made = encoder()
    tail = made.arguments[made.arguments.index("-c:v") :]
    return EncoderPlan(
        arguments=("-nostdin", "-loglevel", "level+warning", *options, Ref(kind="seek"), "-re", "-i", path, *tail),
        nice=0,
        resume=True,
    )


@pytest.mark.parametrize("clip", ["text", "empty", "no-moov"])
async def test_a_file_that_is_none_fails_at_once_with_its_cause(
    folder: Path, sink: Sink, clips: Clips, clip: str
) -> None:
    plan = job(rtmp("a", sink.url), encoder=file_encoder(str(clips[clip])))
    begun = time.monotonic()
    async with running(folder, plan, keys(plan)) as run:
        last = await run.end()
    assert time.monotonic() - begun < 3
    assert (last.state, last.code) == ("failed", "runner.source_not_up")
    assert last.params["source"] == "Test picture"
    assert last.cause is not None
    assert last.cause.code == "ffmpeg.source_no_index"


async def test_a_missing_file_and_a_missing_ffmpeg_are_told_apart(folder: Path, sink: Sink) -> None:
    plan = job(rtmp("a", sink.url), encoder=file_encoder("/nonexistent/film.mp4"))
    async with running(folder, plan, keys(plan)) as run:
        last = await run.end()
    assert last.code == "runner.source_not_up"
    assert last.cause is not None
    assert last.cause.code == "ffmpeg.file_missing"
    plan = replace(plan, ffmpeg="/nonexistent/ffmpeg")
    async with running(folder, plan, keys(plan)) as run:
        last = await run.end()
    assert (last.state, last.code) == ("failed", "ffmpeg.missing")


async def test_a_file_goes_on_where_the_killed_encoder_was(sink: Sink, folder: Path, clips: Clips) -> None:
    plan = job(rtmp("a", sink.url), encoder=file_encoder(str(clips["av"])), with_slate=False)
    async with running(folder, plan, keys(plan)) as run:
        await sink.playing("a", 60)
        (process,) = run.children()
        process.kill()
        await run.seen(SourceState, state="lost")
        last = await run.end(within=20)
    assert last.state == "ended"
    assert 140 <= len(sink.of("a")[0].media()) <= 156
    assert min(sink.of("a")[0].steps()) > 0


async def test_a_truncated_file_plays_and_its_damage_is_said(sink: Sink, folder: Path, clips: Clips) -> None:
    plan = job(rtmp("a", sink.url), encoder=file_encoder(str(clips["truncated"])))
    async with running(folder, plan, keys(plan)) as run:
        last = await run.end()
        assert last.state == "ended"
        assert run.all(Notice, code="runner.source_damaged")
    assert len(sink.of("a")[0].media()) > 5


async def test_a_source_that_says_nothing_is_given_up_in_time(folder: Path, sink: Sink) -> None:
    async with scripted(hangs_at("accept")) as port:
        endpoint = RtmpEndpoint(url=f"rtmp://127.0.0.1:{port}/live", stream_key="from")
        source = SourcePlan(kind="rtmp_pull", name="Studio", live=True, endpoint=endpoint, up_within=1.0)
        plan = job(rtmp("a", sink.url), source=source, encoder=None)
        begun = time.monotonic()
        async with running(folder, plan, keys(plan) | {"from": "camera"}) as run:
            last = await run.end()
    assert (last.state, last.code) == ("failed", "runner.source_not_up")
    assert last.params == {"source": "Studio", "seconds": 1.0}
    assert time.monotonic() - begun < 3.5


async def test_a_refused_source_gives_its_cause(folder: Path, sink: Sink) -> None:
    endpoint = RtmpEndpoint(url=f"rtmp://127.0.0.1:{free_port()}/live", stream_key="from")
    source = SourcePlan(kind="rtmp_pull", name="Studio", live=True, endpoint=endpoint, up_within=0.5)
    plan = job(rtmp("a", sink.url), source=source, encoder=None)
    async with running(folder, plan, keys(plan) | {"from": "camera"}) as run:
        last = await run.end()
    assert last.cause is not None
    assert last.cause.code == "rtmp.refused"


async def test_who_comes_later_hears_since_when_the_source_is_gone(folder: Path, sink: Sink) -> None:
    endpoint = RtmpEndpoint(url=f"rtmp://127.0.0.1:{free_port()}/live", stream_key="from")
    source = SourcePlan(kind="rtmp_pull", name="Studio", live=True, endpoint=endpoint)
    plan = job(rtmp("a", sink.url), source=source, encoder=None)
    async with running(folder, plan, keys(plan) | {"from": "camera"}) as run:
        first = await run.seen(SourceState, state="lost")
        again = await run.seen(SourceState, state="connecting", times=3)
        (begun, last) = (await run.client.status()).source
        assert begun == first
        assert (last.state, last.seq < again.seq, last.attempt) == ("lost", True, again.attempt - 1)


async def test_no_destination_ever_up_ends_the_job_with_the_last_cause(folder: Path) -> None:
    plan = job(rtmp("a", f"rtmp://127.0.0.1:{free_port()}/live"), give_up_after=1.0)
    async with running(folder, plan, keys(plan)) as run:
        last = await run.end()
        assert run.all(OutputState, state="reconnecting")
    assert (last.state, last.code) == ("failed", "runner.no_output_up")
    assert last.cause is not None
    assert last.cause.code == "rtmp.refused"
    assert last.totals["a"].code == "rtmp.refused"


async def test_an_encoder_that_keeps_dying_is_given_up(folder: Path, sink: Sink, tmp_path: Path) -> None:
    fuse = tmp_path / "ffmpeg"
    fuse.write_text(f'#!/bin/sh\ntimeout -s KILL 0.6 {FFMPEG} "$@"\nkill -9 $$\n')
    fuse.chmod(0o755)
    plan = job(rtmp("a", sink.url), ffmpeg=str(fuse))
    async with running(folder, plan, keys(plan)) as run:
        last = await run.end(within=30)
    assert (last.state, last.code) == ("failed", "runner.encoder_failed")
    assert last.params == {"times": 5}
    assert len(sink.of("a")) == 1
