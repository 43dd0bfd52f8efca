"""The server is killed at any moment: streams go on, nobody publishes twice, and the next server knows everything."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import httpx2 as httpx
import pytest

from engine.scene import House, Watch, house, runners_in
from servers.castcore import ServerProcess, start, wait_ready
from servers.media import Clips
from servers.nginx import NginxRtmp

SEED = 20
_TRUE_WITHIN = 2.0
"""On a machine that is not overloaded; otherwise the start of Python alone takes longer."""
_AFTER_READY = 1.0
_OBEYED_WITHIN = 6.0


class Truth(NamedTuple):
    """How long it took until a server knew the truth: since its start, since it answers; and the load per core."""

    after_start: float
    after_ready: float
    load: float


class Servers:
    """One server after the other on the same folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.truths: list[Truth] = []
        self._server: ServerProcess | None = None

    async def replace(self, jobs: list[UUID], delay: float) -> None:
        """Kill the server after ``delay`` seconds of its life, start the next, and measure when it knows the truth."""
        await asyncio.sleep(delay)
        self.kill()
        begun = time.monotonic()
        self._server = start(self.folder, module="engine.server")
        await asyncio.to_thread(wait_ready, self._server)
        ready = time.monotonic()
        for job in jobs:
            await self.until(job, "running", begun + 20)
        now = time.monotonic()
        self.truths.append(Truth(now - begun, now - ready, os.getloadavg()[0] / (os.cpu_count() or 1)))

    async def status(self, job: UUID) -> dict[str, Any]:
        assert self._server is not None
        async with httpx.AsyncClient(base_url=self._server.address, timeout=5) as client:
            answer = await client.get(f"/api/v1/stream-jobs/{job}/status")
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            return found

    async def until(self, job: UUID, state: str, deadline: float) -> None:
        while (found := await self.status(job))["state"] != state:
            assert time.monotonic() < deadline, (found, state)
            await asyncio.sleep(0.05)

    def kill(self) -> None:
        if self._server is not None:
            self._server.process.send_signal(signal.SIGKILL)
            self._server.process.wait(10)
            if self._server.process.stdout:
                self._server.process.stdout.close()


async def _rounds(count: int, data: Path, sink: Watch, nginx: NginxRtmp, clips: Clips) -> list[Truth]:
    chance = random.Random(SEED)
    servers = Servers(data)
    source = {"kind": "file", "path": str(clips["av"]), "loop": True}
    # Commands are committed in another process, which has no way to wake the engine but the database.
    async with house(data, CASTCORE_ROLE="web") as office:
        steady = [
            await office.job("to nginx", nginx.url(), "n1", "n2", source=source, copy=True),
            await office.job("to sink", sink.url, "s1", source=source, copy=True),
        ]
        changing = await office.job("changing", sink.url, "c", source=source, copy=True)
        for job in steady:
            await office.commands.start(job)
        try:
            await servers.replace(steady, 0.0)
            servers.truths.clear()
            await sink.playing("s1", 5)
            for number in range(count):
                await servers.replace(steady, chance.uniform(0.0, 1.5))
                await _change(office, changing, number)
                if chance.random() < 0.5:
                    await servers.replace(steady, chance.uniform(0.0, 1.0))
                wanted = "running" if number % 2 == 0 else "stopped"
                await servers.until(changing, wanted, time.monotonic() + _OBEYED_WITHIN)
            for job in (*steady, changing):
                await office.commands.stop(job)
            for job in (*steady, changing):
                await servers.until(job, "stopped", time.monotonic() + 15)
        finally:
            servers.kill()
    assert {key: len(nginx.publishers(key)) for key in ("n1", "n2")} == {"n1": 1, "n2": 1}
    assert len(sink.of("s1")) == 1
    assert len(sink.of("c")) == (count + 1) // 2
    assert sink.doubles == []
    assert runners_in(data) == []
    return servers.truths


def _check(truths: list[Truth]) -> None:
    # What the engine adds to the start of any server, which is a matter of the machine.
    assert max(truth.after_ready for truth in truths) < _AFTER_READY, truths
    quiet = [truth.after_start for truth in truths if truth.load <= 1]
    assert max(quiet, default=0.0) < _TRUE_WITHIN, truths


async def _change(office: House, job: UUID, number: int) -> None:
    if number % 2 == 0:
        await office.commands.start(job)
    else:
        await office.commands.stop(job)


@pytest.mark.timeout(240)
async def test_a_server_killed_at_random_moments_loses_nothing(
    data: Path, watch: Watch, nginx: NginxRtmp, clips: Clips
) -> None:
    truths = await _rounds(10, data, watch, nginx, clips)
    _check(truths)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_a_server_killed_a_hundred_times_loses_nothing(
    data: Path, watch: Watch, nginx: NginxRtmp, clips: Clips
) -> None:
    truths = await _rounds(100, data, watch, nginx, clips)
    _check(truths)
