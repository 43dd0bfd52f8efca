"""The slate: what is shown while the source is silent."""

from __future__ import annotations

import itertools
import signal
import time
from dataclasses import replace
from pathlib import Path

from castcore_core.rtmp import TagKind
from castcore_core.runner.event import BusStatistics, JobState, Notice, OutputState, SourceState
from castcore_core.runner.plan import SourcePlan
from runner.scene import Session, Sink, encoder, job, keys, recording, rtmp, running, slate

LIVE = SourcePlan(kind="ffmpeg", name="Camera", live=True)


def assert_smooth(session: Session, *, longest_ms: int = 100) -> None:
    for kind in (TagKind.VIDEO, TagKind.AUDIO):
        steps = session.steps(kind)
        assert min(steps) >= 0
        assert max(steps) <= longest_ms, (kind, max(steps))
    together = [one.tag.timestamp for one in session.arrivals]
    assert max(abs(after - before) for before, after in itertools.pairwise(together)) <= longest_ms


async def test_a_frozen_encoder_brings_the_slate_and_its_return_the_source(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url), rtmp("b", sink.url), with_slate=True)
    async with running(folder, plan, keys(plan)) as run:
        await sink.playing("a", 40)
        encoder_process = run.encoder()
        frozen = time.monotonic()
        encoder_process.send_signal(signal.SIGSTOP)
        await run.seen(JobState, state="fallback")
        assert time.monotonic() - frozen < 1.2
        shown = len(sink.of("a")[0].media())
        await sink.playing("a", shown + 30)
        encoder_process.send_signal(signal.SIGCONT)
        await run.seen(JobState, state="running", times=2)
        await sink.playing("a", len(sink.of("a")[0].media()) + 30)
    for key in "ab":
        (session,) = sink.of(key)
        assert_smooth(session)
        arrived = [one.at for one in session.arrivals]
        assert max(after - before for before, after in itertools.pairwise(arrived)) < 0.9


async def test_a_killed_encoder_is_replaced_and_sessions_stay(sink: Sink, folder: Path, tmp_path: Path) -> None:
    plan = job(rtmp("a", sink.url), recording("rec", tmp_path / "film.mkv"), with_slate=True, source=LIVE)
    async with running(folder, plan, keys(plan)) as run:
        await sink.playing("a", 40)
        run.encoder().kill()
        lost = await run.seen(SourceState, state="lost")
        assert lost.code == "ffmpeg.killed"
        await run.seen(SourceState, state="up", times=2)
        await sink.playing("a", len(sink.of("a")[0].media()) + 30)
        await run.client.stop()
        last = await run.end()
    assert_smooth(sink.of("a")[0], longest_ms=1200)
    assert last.totals["a"].sessions == last.totals["rec"].sessions == 1
    assert last.totals["a"].reconnects == 0


async def test_a_live_source_that_ends_is_awaited_behind_the_slate(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url), with_slate=True, source=LIVE, encoder=encoder(2.0))
    async with running(folder, plan, keys(plan)) as run:
        lost = await run.seen(SourceState, state="lost")
        assert lost.code == "runner.source_ended"
        await run.seen(SourceState, state="up", times=2)
        await sink.playing("a", len(sink.of("a")[0].media()) + 20)
    (session,) = sink.of("a")
    assert min(session.steps()) >= 0


async def test_pause_shows_the_slate_at_once_and_resume_the_source(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url), with_slate=True)
    async with running(folder, plan, keys(plan)) as run:
        session = await sink.playing("a", 40)
        await run.client.pause()
        await run.seen(JobState, state="paused")
        figures = (await run.client.status()).figures
        assert isinstance(figures.buses["main"], BusStatistics)
        assert figures.buses["main"].on_slate
        before = len(session.arrivals)
        await sink.playing("a", len(session.media()) + 30)
        silent = {one.tag.payload for one in session.arrivals[before:] if one.tag.kind is TagKind.AUDIO}
        assert len(silent) <= 3
        await run.client.resume()
        await run.seen(JobState, state="running", times=2)
        await sink.playing("a", len(session.media()) + 30)
        assert len({one.tag.payload for one in session.arrivals[-30:] if one.tag.kind is TagKind.AUDIO}) > 3
    assert_smooth(session)


async def test_a_slate_of_another_shape_is_said_and_its_header_sent(sink: Sink, folder: Path) -> None:
    other = replace(slate(), arguments=tuple("64k" if one == "300k" else one for one in slate().arguments))
    other = replace(other, arguments=(*other.arguments[:-1], "-profile:v", "baseline", "-bf", "0", "pipe:1"))
    plan = job(rtmp("a", sink.url), with_slate=True)
    profile = replace(plan.encoder or encoder(), arguments=_with_profile(plan.encoder or encoder(), "high"))
    plan = replace(plan, encoder=profile, renditions=(replace(plan.renditions[0], slate=other),))
    async with running(folder, plan, keys(plan)) as run:
        session = await sink.playing("a", 40)
        await run.client.pause()
        assert (await run.seen(Notice, code="runner.header_changed")).params == {"rendition": "main"}
        await sink.until(lambda: sum(one.tag.is_sequence_header and one.tag.kind is TagKind.VIDEO
                                     for one in session.arrivals) >= 2)  # fmt: skip


def _with_profile(plan: object, name: str) -> tuple:  # type: ignore[type-arg]
    arguments = plan.arguments  # type: ignore[attr-defined]
    at = arguments.index("-flvflags")
    return (*arguments[:at], "-profile:v", name, "-8x8dct", "1", *arguments[at:])


async def test_a_slate_that_cannot_be_made_is_said_and_the_stream_goes_on(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url), with_slate=True)
    broken = replace(slate(), arguments=("-loglevel", "level+error", "-i", "/nonexistent", "-f", "flv", "pipe:1"))
    plan = replace(plan, renditions=(replace(plan.renditions[0], slate=broken),))
    async with running(folder, plan, keys(plan)) as run:
        notice = await run.seen(Notice, code="runner.slate_failed")
        assert notice.params["cause"] == "ffmpeg.file_missing"
        await sink.playing("a", 40)


async def test_without_a_slate_a_pause_of_the_source_keeps_the_session(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url))
    async with running(folder, plan, keys(plan)) as run:
        await sink.playing("a", 30)
        process = run.encoder()
        process.send_signal(signal.SIGSTOP)
        stalled = await run.seen(SourceState, state="lost")
        assert stalled.code == "runner.source_stalled"
        process.send_signal(signal.SIGCONT)
        await run.seen(SourceState, state="up", times=2)
        await sink.playing("a", len(sink.of("a")[0].media()) + 20)
        assert len(run.all(OutputState, state="up")) == 1
    assert len(sink.of("a")) == 1
