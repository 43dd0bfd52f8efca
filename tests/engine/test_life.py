"""One job from its start to its stop, and everything that happens to it between."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from castcore_core.destinations.models import StreamDestination
from castcore_core.engine.models import StateChange
from castcore_core.streams.desired import wake
from castcore_core.streams.models import JobOutput, StreamJob
from castcore_core.streams.service import Jobs
from engine.scene import House, desired, house, runners_in
from runner.scene import Sink
from servers.media import Clips


async def test_a_job_starts_shows_the_truth_and_stops(home: House, sink: Sink, data: Path) -> None:
    job = await home.job("news", sink.url, "a", "b")
    assert home.status(job).state == "stopped"
    await home.commands.start(job)
    status = await home.until(job, lambda one: one.state == "running" and all(each.bytes for each in one.outputs))
    assert {output.name: output.state for output in status.outputs} == {"a": "running", "b": "running"}
    assert status.health.score == 100
    assert status.encoder is not None
    await sink.playing("a", 10)
    await home.commands.stop(job)
    status = await home.reach(job, "stopped")
    assert (status.health.score, status.bytes, status.reconnects) == (None, 0, 0)
    assert {(output.state, output.bytes) for output in status.outputs} <= {("stopped", 0)}
    assert sink.of("a")[0].in_order
    assert [len(sink.of(key)) for key in "ab"] == [1, 1]
    assert runners_in(data) == []
    async with asyncio.timeout(20):  # the journal goes after everybody was told
        while {path.name for path in (data / "run").iterdir()} != {"engine.life", "engine.lock"}:
            await asyncio.sleep(0.02)


async def test_a_graceful_stop_of_the_server_leaves_streams_and_the_next_adopts(data: Path, sink: Sink) -> None:
    async with house(data) as first:
        job = await first.job("news", sink.url, "a")
        await first.commands.start(job)
        await first.reach(job, "running")
        pid = (await first.runner(job)).pid
    seen = len((await sink.playing("a", 5)).media())
    await sink.playing("a", seen + 10)
    async with house(data) as second:
        status = second.status(job)
        assert status.state == "running"
        assert [output.state for output in status.outputs] == ["running"]
        assert status.source is not None
        assert status.source.state == "up"
        assert (await second.runner(job)).pid == pid
        await second.commands.stop(job)
        await second.reach(job, "stopped")
    assert len(sink.of("a")) == 1


async def test_the_next_server_knows_since_when_the_source_is_gone(data: Path, sink: Sink) -> None:
    async with house(data) as first:
        studio = await first.job("studio", sink.url, "a", source={"kind": "ingest", "key": "camera-one"}, copy=True)
        port = (await StreamJob.get(id=studio)).source["port"]
        camera = await first.job("camera", f"rtmp://127.0.0.1:{port}/live", "camera-one")
        for job in (studio, camera):
            await first.commands.start(job)
        await first.until(studio, lambda one: one.source and one.source.state == "up")
        await first.commands.stop(camera)
        lost = (await first.until(studio, lambda one: one.source and one.source.state == "lost")).source
    async with house(data) as second:
        assert second.status(studio).source == lost
        # It is no news to anybody.
        assert [each.state for each in await StateChange.filter(job_id=studio, subject="source").order_by("at")] == [
            *("connecting", "up", "lost")
        ]
        await second.commands.start(camera)
        await second.until(studio, lambda one: one.source and one.source.state == "up")


async def test_a_film_that_became_something_else_is_not_opened_again(
    home: House, sink: Sink, clips: Clips, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(clips["av"].read_bytes())
    job = await home.job("film", sink.url, "a", source={"kind": "file", "path": str(film), "loop": True})
    await home.commands.start(job)
    await home.reach(job, "running")
    film.write_text(f"ffconcat version 1.0\nfile '{clips['av']}'\n")
    encoder = next(each for each in (await home.runner(job)).children() if str(film) in " ".join(each.cmdline()))
    encoder.kill()
    status = await home.until(job, lambda one: one.code == "ffmpeg.source_replaced")
    assert status.state in ("reconnecting", "fallback")
    film.write_bytes(clips["av"].read_bytes())
    await home.reach(job, "running")
    assert len(sink.of("a")) == 1


async def test_a_killed_runner_is_back_with_frames(home: House, sink: Sink) -> None:
    job = await home.job("news", sink.url, "a")
    await home.commands.start(job)
    await home.reach(job, "running")
    await sink.playing("a", 5)
    (await home.runner(job)).kill()
    status = await home.until(job, lambda one: one.state == "reconnecting")
    assert (status.code, status.attempt, status.health.score) == ("engine.runner_gone", 1, 40)
    assert status.retry_at is not None
    await home.reach(job, "running")
    await sink.playing("a", 5, session=1)
    await home.commands.stop(job)
    await home.reach(job, "stopped")


async def test_a_runner_ended_by_the_system_starts_again_at_once(home: House, sink: Sink) -> None:
    job = await home.job("news", sink.url, "a")
    await home.commands.start(job)
    await home.reach(job, "running")
    runner = await home.runner(job)
    os.kill(runner.pid, signal.SIGTERM)
    await sink.playing("a", 5, session=1)
    status = await home.reach(job, "running")
    assert status.attempt == 0


async def test_attempts_are_limited_and_a_start_begins_anew(data: Path, sink: Sink) -> None:
    policy = {"max_attempts": 2, "backoff": {"first": 0.1, "most": 0.2}}
    async with house(data) as home:
        job = await home.job("fragile", sink.url, "a", restart=policy)
        await home.commands.start(job)
        for number in range(3):
            await home.until(job, lambda one, number=number: one.state == "running" and one.attempt == number)
            (await home.runner(job)).kill()
        status = await home.reach(job, "failed")
        assert (status.code, status.params["attempts"], status.health.score) == ("engine.gave_up", 3, 0)
        assert status.cause is not None
        assert status.cause.code == "engine.runner_gone"
        assert (await desired(job)) == "stopped"
    async with house(data) as home:
        assert (home.status(job).state, home.status(job).code) == ("failed", "engine.gave_up")
        assert home.status(job).cause == status.cause
        assert runners_in(data) == []
        await home.commands.start(job)
        status = await home.reach(job, "running")
        assert (status.attempt, status.code) == (0, "")


async def test_a_programme_that_is_over_stays_over(data: Path, sink: Sink, clips: Clips) -> None:
    source = {"kind": "file", "path": str(clips["av"]), "start_at": 3.5}
    async with house(data) as home:
        job = await home.job("film", sink.url, "a", source=source)
        await home.commands.start(job)
        status = await home.until(job, lambda one: one.code == "engine.ended")
        assert (status.state, status.health.score, await desired(job)) == ("stopped", None, "stopped")
    async with house(data) as home:
        assert home.status(job).code == "engine.ended"
        await home.commands.start(job)
        await home.reach(job, "running")
    assert len(sink.of("a")) == 2


async def test_a_programme_that_ends_while_no_engine_is_there_stays_over(data: Path, sink: Sink, clips: Clips) -> None:
    source = {"kind": "file", "path": str(clips["av"]), "start_at": 2.5}
    async with house(data) as home:
        job = await home.job("film", sink.url, "a", source=source)
        await home.commands.start(job)
        await home.reach(job, "running")
    await sink.until(lambda: sink.of("a")[0].over)
    while runners_in(data):
        await asyncio.sleep(0.05)
    async with house(data) as home:
        status = await home.until(job, lambda one: one.code == "engine.ended")
        assert status.state == "stopped"
    assert len(sink.of("a")) == 1


async def test_after_a_reboot_everything_starts_afresh(data: Path, sink: Sink) -> None:
    async with house(data) as home:
        job = await home.job("news", sink.url, "a")
        await home.commands.start(job)
        await home.reach(job, "running")
        runner = await home.runner(job)
    # The end that a reboot brings: first SIGTERM for all, then another boot id.
    os.kill(runner.pid, signal.SIGTERM)
    while runners_in(data):
        await asyncio.sleep(0.05)
    (journal,) = (data / "run").glob("*.journal")
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    journal.write_text(journal.read_text().replace(boot, "another-boot"))
    async with house(data) as home:
        status = await home.reach(job, "running")
        assert status.attempt == 0
        await sink.playing("a", 5, session=1)


async def test_a_runner_without_a_job_is_stopped(home: House, sink: Sink, data: Path) -> None:
    job = await home.job("news", sink.url, "a")
    await home.commands.start(job)
    await home.reach(job, "running")
    await home.core.get(Jobs).delete(job, force=True)
    await sink.until(lambda: sink.of("a")[0].over)
    await home.until(job, lambda one: not runners_in(data))


async def test_a_job_deleted_while_no_engine_is_there_is_stopped(data: Path, sink: Sink) -> None:
    async with house(data) as home:
        job = await home.job("news", sink.url, "a")
        await home.commands.start(job)
        await home.reach(job, "running")
    async with house(data, CASTCORE_ROLE="web") as web:
        await web.core.get(Jobs).delete(job, force=True)
    async with house(data) as home:
        await sink.until(lambda: sink.of("a")[0].over)
        await home.until(job, lambda one: not runners_in(data))


async def test_a_killed_encoder_delivers_again_within_a_second(home: House, sink: Sink) -> None:
    job = await home.job("news", sink.url, "a")
    await home.commands.start(job)
    await home.reach(job, "running")
    session = await sink.playing("a", 30)
    runner = await home.runner(job)
    encoder = next(one for one in runner.children() if "testsrc2" in " ".join(one.cmdline()))
    encoder.kill()
    killed = time.time()
    status = await home.until(job, lambda one: one.source and one.source.state == "up" and one.source.since > killed)
    assert status.source is not None
    assert status.source.since - killed < 1.0
    await home.until(job, lambda one: one.encoder is not None and one.encoder.restarts == 1)
    await sink.playing("a", len(session.media()) + 10)
    assert len(sink.of("a")) == 1
    findings = [finding.code for finding in home.status(job).health.findings]
    assert "health.encoder_restarts" in findings


async def test_outputs_change_on_air_and_a_restart_keeps_what_stays(home: House, sink: Sink) -> None:
    job = await home.job("news", sink.url, "a", "b")
    await home.commands.start(job)
    await home.until(job, lambda one: one.state == "running")
    pid = (await home.runner(job)).pid
    new = await home.destination("c", sink.url)
    await JobOutput.create(job_id=job, destination_id=new, position=9)
    await JobOutput.filter(job_id=job, destination__name="b").delete()
    await wake(home.core.bus, job)
    await sink.playing("c", 5)
    await sink.until(lambda: sink.of("b")[0].over)
    status = await home.until(job, lambda one: {each.name for each in one.outputs} == {"a", "c"})
    assert status.pending_restart == []
    await StreamJob.filter(id=job).update(revision=99)
    await wake(home.core.bus, job)
    status = await home.until(job, lambda one: one.pending_restart == ["job"])
    assert status.health.score == 100
    await home.commands.restart(job)
    await home.until(job, lambda one: one.pending_restart == [])
    seen = len(sink.of("a")[0].media())
    await sink.playing("a", seen + 10)
    assert [len(sink.of(key)) for key in "abc"] == [1, 1, 1]
    assert (await home.runner(job)).pid == pid


async def test_pause_shows_the_slate_and_keeps_sessions(home: House, sink: Sink) -> None:
    job = await home.job("news", sink.url, "a")
    await home.commands.start(job)
    await home.reach(job, "running")
    await home.commands.pause(job)
    await home.reach(job, "paused")
    seen = len(sink.of("a")[0].media())
    await sink.playing("a", seen + 10)
    await home.commands.start(job)
    await home.reach(job, "running")
    assert len(sink.of("a")) == 1


async def test_stop_during_a_restart_delay_stays_stopped(home: House, sink: Sink, data: Path) -> None:
    policy = {"max_attempts": None, "backoff": {"first": 30.0, "most": 30.0}}
    job = await home.job("news", sink.url, "a", restart=policy)
    await home.commands.start(job)
    await home.reach(job, "running")
    (await home.runner(job)).kill()
    await home.reach(job, "reconnecting")
    await home.commands.stop(job)
    await home.reach(job, "stopped", within=2)
    assert runners_in(data) == []


@pytest.mark.parametrize("frozen", [False, True])
async def test_a_deaf_runner_delays_nobody(home: House, sink: Sink, frozen: bool) -> None:
    deaf = await home.job("deaf", sink.url, "a")
    other = await home.job("other", sink.url, "b")
    for job in (deaf, other):
        await home.commands.start(job)
    for job in (deaf, other):
        await home.reach(job, "running")
    runner = await home.runner(deaf)
    if frozen:
        runner.suspend()
    await home.commands.stop(deaf)
    await home.reach(deaf, "stopping")
    await home.commands.stop(other)
    await home.reach(other, "stopped", within=4)
    await home.reach(deaf, "stopped", within=25)
    assert not runner.is_running()


async def test_a_stop_does_not_wait_for_a_source_that_is_being_looked_at(home: House, sink: Sink) -> None:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with silent:
        port = silent.sockets[0].getsockname()[1]
        source = {"kind": "url", "url": f"http://127.0.0.1:{port}/live.ts"}
        job = await home.job("silent", sink.url, "a", source=source)
        await home.commands.start(job)
        await home.reach(job, "starting")
        await asyncio.sleep(0.3)
        await home.commands.stop(job)
        await home.reach(job, "stopped", within=1.5)


async def test_an_output_that_cannot_be_opened_holds_no_other_up(home: House, sink: Sink) -> None:
    job = await home.job("news", sink.url, "a", "b")
    # A type whose plugin is not there any more.
    await StreamDestination.filter(name="b").update(type="vanished")
    await home.commands.start(job)
    status = await home.until(job, lambda one: one.state == "degraded")
    states = {output.name: (output.state, output.code) for output in status.outputs}
    assert states == {"a": ("running", ""), "b": ("failed", "extensions.type_unknown")}
    assert [finding.code for finding in status.health.findings] == ["health.output_down"]
    await StreamDestination.filter(name="b").update(type="rtmp", revision=2)
    await wake(home.core.bus, job)
    await sink.playing("b", 5)
    await home.reach(job, "running")
    assert [len(sink.of(key)) for key in "ab"] == [1, 1]


async def test_what_happened_is_stored(home: House, sink: Sink) -> None:
    job = await home.job("news", sink.url, "a")
    await home.commands.start(job)
    await home.reach(job, "running")
    await home.commands.stop(job)
    await home.reach(job, "stopped")
    rows = await StateChange.filter(job_id=job).order_by("at", "created_at")
    assert [row.state for row in rows if not row.subject] == ["starting", "running", "stopping", "stopped"]
    assert "running" in [row.state for row in rows if row.subject not in ("", "source")]
    # Telemetry is never written.
    assert len(rows) < 20


async def test_a_file_that_is_not_there_yet_is_awaited(home: House, sink: Sink, clips: Clips, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(clips["av"].read_bytes())
    policy = {"backoff": {"first": 0.2, "most": 0.5}}
    job = await home.job(
        "film", sink.url, "a", source={"kind": "file", "path": str(film), "loop": True}, restart=policy
    )
    away = film.rename(tmp_path / "away.mp4")
    await home.commands.start(job)
    status = await home.until(job, lambda one: one.attempt >= 2 and one.state == "reconnecting")
    assert status.code == "media.not_found"
    away.rename(film)
    await home.reach(job, "running")


async def test_what_no_attempt_would_mend_fails_at_once(home: House, sink: Sink) -> None:
    job = await home.job("news", sink.url, "a")
    await StreamDestination.filter(name="a").update(type="vanished")
    await home.commands.start(job)
    status = await home.reach(job, "failed")
    assert (status.code, await desired(job)) == ("extensions.type_unknown", "stopped")
