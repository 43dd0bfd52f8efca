"""How runners begin, are found again and end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import av
import psutil
import pytest

from castcore_core.runner.client import RunnerClient, attach, forget, launch, read_journal
from castcore_core.runner.error import RunnerError
from castcore_core.runner.event import JobState, Notice, OutputState, Progress, SourceState
from castcore_core.runner.plan import EncoderPlan
from runner.scene import Run, Sink, attached, encoder, job, keys, recording, rtmp, running
from servers.faulty import hangs_at, scripted


async def gone(processes: list[psutil.Process], within: float = 5.0) -> None:
    async with asyncio.timeout(within):
        while any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes):
            await asyncio.sleep(0.02)


async def queued(run: Run, output: str) -> None:
    """Wait until a destination takes nothing more."""
    async with asyncio.timeout(10):
        while not any(one.outputs[output].queue_ms for one in run.all(Progress)):
            await run.seen(Progress, times=len(run.all(Progress)) + 1)


async def test_a_second_runner_of_a_job_is_refused(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url))
    async with running(folder, plan, keys(plan)) as run:
        await sink.playing("a", 5)
        with pytest.raises(RunnerError) as refusal:
            await launch(folder, plan, keys(plan))
        assert refusal.value.code == "runner.job_locked"
        assert refusal.value.params == {"pid": run.pid}
        async with running(folder, replace(plan, job_id="other", outputs=()), {}):
            pass
        await sink.playing("a", len(sink.of("a")[0].media()) + 5)
    assert len(sink.of("a")) == 1


async def test_an_attached_runner_ends_with_its_connection(sink: Sink, folder: Path, tmp_path: Path) -> None:
    plan = job(rtmp("a", sink.url), recording("rec", tmp_path / "film.mkv"))
    async with running(folder, plan, keys(plan)) as run:
        await sink.playing("a", 10)
        await run.up("rec")
        children = run.children()
        assert len(children) == 2
    await gone(children)
    assert sink.of("a")[0].in_order
    with av.open(str(tmp_path / "film.mkv")) as container:
        assert (container.duration or 0) > 0
    assert list(folder.iterdir()) == []


async def test_a_detached_runner_goes_on_and_is_found_again(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url), lifetime="detached", revisions={"job": "7"})
    client = await launch(folder, plan, keys(plan))
    await sink.playing("a", 10)
    await client.close()
    seen = len(sink.of("a")[0].media())
    await sink.playing("a", seen + 10)
    async with attached(folder, "job", after=0) as run:
        assert run.client.hello.job_id == "job"
        assert run.client.hello.state == "running"
        assert run.client.hello.revisions == {"job": "7"}
        assert run.client.hello.identity.is_alive()
        await run.seen(JobState, state="starting")
        up = await run.seen(OutputState, output="a", state="up")
    async with attached(folder, "job", after=up.seq) as run:
        await run.client.stop()
        last = await run.end()
        assert last.state == "ended"
        assert run.events[0].seq > up.seq
    assert len(sink.of("a")) == 1
    left = read_journal(folder, "job")
    assert [type(one) for one in left if isinstance(one, JobState)][-1] is JobState
    assert left[-1] == last
    forget(folder, "job")
    assert read_journal(folder, "job") == []


async def test_what_was_acknowledged_is_not_told_again(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url), lifetime="detached")
    async with running(folder, plan, keys(plan)) as run:
        up = await run.seen(OutputState, output="a", state="up")
        await run.client.ack(up.seq)
        async with attached(folder, "job", after=0) as second:
            await second.client.stop()
            await second.end()
            assert min(one.seq for one in second.events if one.seq) > up.seq


async def test_a_detached_runner_keeps_to_its_duration_by_itself(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url), lifetime="detached", duration=1.0)
    client = await launch(folder, plan, keys(plan))
    await client.close()
    await sink.playing("a")
    begun = time.monotonic()
    await sink.until(lambda: sink.of("a")[0].over)
    assert 0.8 < time.monotonic() - begun < 2.5
    assert sink.of("a")[0].in_order
    assert await client.wait_gone()


async def test_a_stop_time_ends_the_job(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url), stop_at=time.time() + 1.0)
    async with running(folder, plan, keys(plan)) as run:
        last = await run.end(within=5)
    assert last.state == "ended"


async def test_a_killed_runner_leaves_no_child_and_its_successor_tells_of_it(
    sink: Sink, folder: Path, tmp_path: Path
) -> None:
    film = tmp_path / "film.mkv"
    plan = job(rtmp("a", sink.url), recording("rec", film), lifetime="detached")
    client = await launch(folder, plan, keys(plan))
    await sink.playing("a", 60)
    children = psutil.Process(client.hello.identity.pid).children(recursive=True)
    os.kill(client.hello.identity.pid, signal.SIGKILL)
    await gone(children)
    await sink.until(lambda: sink.of("a")[0].over)
    await client.close()
    with pytest.raises(RunnerError) as missing:
        await attach(folder, "job")
    assert missing.value.code == "runner.gone"
    with av.open(str(film)) as container:
        assert sum(1 for packet in container.demux(video=0) if packet.size) > 30
    last = max(one.seq for one in read_journal(folder, "job"))
    async with running(folder, replace(plan, outputs=plan.outputs[:1]), keys(plan)) as run:
        await sink.playing("a", 5, session=1)
        assert run.events[0].seq == last + 1
        await run.client.stop()
        await run.end()


async def test_children_that_survived_a_killed_runner_are_killed_first(sink: Sink, folder: Path) -> None:
    from castcore_core.runner.identity import Identity, name_of
    from castcore_core.runner.journal import Journal

    folder.mkdir(mode=0o700)
    orphan = await asyncio.create_subprocess_exec("sleep", "60", start_new_session=True)
    innocent = await asyncio.create_subprocess_exec("sleep", "60", start_new_session=True)
    journal = Journal(folder / f"{name_of('job')}.journal", Identity.of(os.getpid()))
    journal.child_started(Identity.of(orphan.pid))
    journal.child_started(replace(Identity.of(innocent.pid), start=1))
    journal.close()
    plan = job(rtmp("a", sink.url))
    async with running(folder, plan, keys(plan)) as run:
        assert (await run.seen(Notice, code="runner.orphans_killed")).params == {"count": 1}
        assert await asyncio.wait_for(orphan.wait(), 2) == -signal.SIGKILL
        assert innocent.returncode is None
    innocent.kill()
    await innocent.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_signals_end_the_job_in_order(sink: Sink, folder: Path, number: signal.Signals) -> None:
    plan = job(rtmp("a", sink.url))
    async with running(folder, plan, keys(plan)) as run:
        await sink.playing("a", 5)
        os.kill(run.pid, number)
        last = await run.end(within=4)
    assert last.state == "ended"
    assert sink.of("a")[0].in_order


async def test_a_stop_takes_no_longer_than_three_seconds_with_a_peer_that_never_reads(
    sink: Sink, folder: Path, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    async with scripted(hangs_at("media")) as port:
        plan = job(
            rtmp("a", sink.url),
            rtmp("deaf", f"rtmp://127.0.0.1:{port}/live"),
            recording("rec", film),
            encoder=_loud_encoder(),
        )
        async with running(folder, plan, keys(plan)) as run:
            await run.up("a", "deaf", "rec")
            await queued(run, "deaf")
            children = run.children()
            begun = time.monotonic()
            await run.client.stop()
            await run.end(within=4)
            assert time.monotonic() - begun < 3.0
            await gone(children, within=0.2)
    assert sink.of("a")[0].in_order
    with av.open(str(film)) as container:
        assert (container.duration or 0) > 500_000


def _loud_encoder() -> EncoderPlan:
    """More than the buffers of a loopback connection take."""
    plan = encoder()
    loud = {"300k": "30M", "testsrc2=s=160x90:r=30": "testsrc2=s=320x180:r=30,noise=alls=100:allf=t"}
    return replace(plan, arguments=tuple(loud.get(str(one), one) for one in plan.arguments))


async def test_a_second_stop_ends_at_once(folder: Path, sink: Sink) -> None:
    async with scripted(hangs_at("media")) as port:
        plan = job(rtmp("deaf", f"rtmp://127.0.0.1:{port}/live"), encoder=_loud_encoder())
        async with running(folder, plan, keys(plan)) as run:
            await run.up("deaf")
            await queued(run, "deaf")
            await run.client.stop(timeout=20.0)
            begun = time.monotonic()
            with contextlib.suppress(RunnerError):
                await run.client.stop()
            await run.end(within=4)
            assert time.monotonic() - begun < 1.0


async def test_a_stop_before_anything_came_ends_as_well(folder: Path) -> None:
    async with scripted(hangs_at("accept")) as port:
        plan = job(rtmp("deaf", f"rtmp://127.0.0.1:{port}/live"), encoder=_silent_encoder(), give_up_after=30.0)
        async with running(folder, plan, keys(plan)) as run:
            await run.seen(SourceState, state="connecting")
            begun = time.monotonic()
            await run.client.stop()
            last = await run.end(within=4)
            assert time.monotonic() - begun < 3.0
    assert last.state == "ended"


def _silent_encoder() -> EncoderPlan:
    plan = encoder()
    silent = {"testsrc2=s=160x90:r=30": "testsrc2=s=160x90:r=30,select=0"}
    return replace(plan, arguments=tuple(silent.get(str(one), one) for one in plan.arguments))


async def test_a_runner_without_a_plan_obeys_nothing_but_hello(folder: Path) -> None:
    from castcore_core.runner.identity import name_of
    from castcore_core.runner.launch import connect_socket, launch_process
    from castcore_core.runner.protocol import MAX_LINE

    await launch_process("castcore_core.runner", folder, name_of("job"))
    client = RunnerClient(*await connect_socket(folder, name_of("job"), limit=MAX_LINE))
    run = Run(client)
    with pytest.raises(RunnerError) as refusal:
        await client.pause()
    assert refusal.value.code == "runner.protocol_error"
    await client.greet(after=None)
    with pytest.raises(RunnerError) as refusal:
        await client.pause()
    assert refusal.value.code == "runner.not_started"
    os.kill(run.pid, signal.SIGTERM)
    await asyncio.wait_for(run._reading, 3)
    await client.close()
    assert await client.wait_gone()
