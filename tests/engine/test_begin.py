"""How a job begins: its process starts while it is planned, and is put away where there is no plan."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from castcore_core.runner.client import attach, open_runner
from engine.scene import House, house, runners_in
from runner.scene import Sink


async def _gone(data: Path) -> None:
    deadline = time.monotonic() + 5
    while runners_in(data):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_a_job_that_cannot_be_planned_leaves_no_process(home: House, sink: Sink, data: Path) -> None:
    missing = {"kind": "file", "path": str(data / "media" / "missing.mp4")}
    job = await home.job("news", sink.url, "a", source=missing)
    await home.commands.start(job)
    status = await home.until(job, lambda one: one.state == "reconnecting")
    assert status.code == "media.not_found"
    await home.commands.stop(job)
    await home.reach(job, "stopped")
    await _gone(data)


async def test_a_process_that_waits_for_its_plan_gets_it_from_the_next_engine(data: Path, sink: Sink) -> None:
    async with house(data, CASTCORE_ROLE="web") as home:
        job = await home.job("news", sink.url, "a")
        await home.commands.start(job)
    blank = await open_runner(data / "run", str(job))
    async with house(data) as home:
        await home.reach(job, "running")
        client = await attach(home.core.folder.run, str(job))
        assert client.hello.identity == blank.hello.identity
        await client.close()
        await home.commands.stop(job)
        await home.reach(job, "stopped")
    await blank.close()
    await _gone(data)


async def test_a_process_that_was_killed_before_it_had_its_plan_is_replaced(home: House, sink: Sink) -> None:
    job = await home.job("news", sink.url, "a", source={"kind": "url", "url": f"{sink.url}/nobody"})
    await home.commands.start(job)
    deadline = time.monotonic() + 5
    while not (found := runners_in(home.core.folder.root)):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    found[0].kill()
    await home.commands.stop(job)
    await home.reach(job, "stopped")
    await _gone(home.core.folder.root)
