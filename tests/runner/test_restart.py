"""A restart while the job is on air: the source begins anew, sessions stay where nothing of theirs changed."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from castcore_core.runner.client import attach
from castcore_core.runner.error import RunnerError
from castcore_core.runner.event import Notice, SourceState
from castcore_core.runner.plan import RenditionPlan
from runner.scene import Sink, encoder, job, keys, rtmp, running


async def test_a_restart_keeps_sessions_and_takes_the_new_plan(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url), rtmp("b", sink.url), with_slate=True, revisions={"restarts": "0"})
    async with running(folder, plan, keys(plan)) as run:
        await run.up("a", "b")
        await sink.playing("b", 5)
        before = run.encoder().pid
        renewed = replace(
            plan,
            encoder=encoder(sound=False),
            outputs=(plan.outputs[0], rtmp("c", sink.url)),
            revisions={"restarts": "1"},
        )
        await run.client.restart(renewed, keys(renewed))
        await run.seen(SourceState, state="up", times=2)
        await run.up("c")
        assert run.encoder().pid != before
        assert "sine" not in " ".join(run.encoder().cmdline())
        await sink.until(lambda: sink.of("b")[0].over)
        seen = len(sink.of("a")[0].media())
        await sink.playing("a", seen + 20)
        second = await attach(folder, plan.job_id)
        assert second.hello.revisions["restarts"] == "1"
        await second.close()
    assert [len(sink.of(key)) for key in "abc"] == [1, 1, 1]
    assert all(step >= 0 for step in sink.of("a")[0].steps())


async def test_other_renditions_need_another_runner(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url))
    async with running(folder, plan, keys(plan)) as run:
        await run.up("a")
        with pytest.raises(RunnerError) as refusal:
            await run.client.restart(replace(plan, renditions=(RenditionPlan(id="other"),)), keys(plan))
        assert refusal.value.code == "runner.restart_refused"


async def test_changed_outputs_are_told_to_those_who_come_later(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url), rtmp("b", sink.url), revisions={"job": "7", "a": "1", "b": "1"})
    async with running(folder, plan, keys(plan)) as run:
        await run.up("a", "b")
        await run.client.set_output(rtmp("c", sink.url, revision="5"), {"key-c": "c"})
        await run.client.set_output(replace(plan.outputs[0], revision="2"), {})
        await run.client.remove_output("b")
        second = await attach(folder, plan.job_id)
        assert second.hello.revisions == {"job": "7", "a": "2", "c": "5"}
        await second.close()
    assert len(sink.of("a")) == 1


async def test_a_signal_is_told_apart_from_the_end_of_the_programme(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url))
    async with running(folder, plan, keys(plan)) as run:
        await run.up("a")
        os.kill(run.pid, signal.SIGTERM)
        last = await run.end()
        assert last.state == "ended"
        assert run.all(Notice, code="runner.signalled")
