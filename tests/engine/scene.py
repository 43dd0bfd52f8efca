"""A stage for the engine's tests: a core with real features, and jobs that are commanded as operators do."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil

from castcore_core.accounts.role import Role
from castcore_core.core import Core
from castcore_core.destinations.service import Destinations
from castcore_core.engine.board import Board
from castcore_core.engine.schemas import JobStatus
from castcore_core.ffmpeg.profile import COPY
from castcore_core.profiles.models import FFmpegProfile
from castcore_core.rtmp import IncomingStream
from castcore_core.runner.client import attach
from castcore_core.streams.command import Commands
from castcore_core.streams.models import StreamJob
from castcore_core.streams.schemas import JobCreation
from castcore_core.streams.service import Jobs
from runner.scene import Sink
from servers.castcore import running_core

PATTERN = {"kind": "test", "width": 160, "height": 90, "fps": 15}


@dataclass
class House:
    """One life of the server's core, with what tests ask of it."""

    core: Core

    @property
    def commands(self) -> Commands:
        return Commands(self.core)

    async def destination(self, name: str, url: str, stream_key: str = "") -> UUID:
        config = {"url": url, "stream_key": stream_key or name}
        return (await Destinations(self.core).create(name, "rtmp", config, Role.ADMIN)).id

    async def job(
        self,
        name: str,
        url: str,
        *destinations: str,
        stream_key: str = "",
        source: Mapping[str, Any] = PATTERN,
        copy: bool = False,
        **values: Any,
    ) -> UUID:
        """Keep a job that sends to ``url``, each destination under ``stream_key`` or else its own name."""
        outputs = [{"destination_id": await self.destination(each, url, stream_key)} for each in destinations]
        if copy:
            values["profile_id"] = await copy_profile()
        wanted = JobCreation.model_validate({"name": name, "source": source, "outputs": outputs, **values})
        job_id, _ = await Jobs(self.core).create(wanted, Role.ADMIN)
        return job_id

    def status(self, job_id: UUID) -> JobStatus:
        return self.core.get(Board).get(str(job_id)) or JobStatus(job_id=str(job_id))

    async def until(self, job_id: UUID, condition: Callable[[JobStatus], Any], within: float = 12.0) -> JobStatus:
        """Wait until a job's status fulfils something, and return it."""
        changed = asyncio.Event()
        with self.core.get(Board).listen(lambda told, _: changed.set() if told == str(job_id) else None):
            deadline = time.monotonic() + within
            while not condition(status := self.status(job_id)):
                left = deadline - time.monotonic()
                assert left > 0, status.model_dump_json(indent=1)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), min(left, 0.2))
                changed.clear()
            return status

    async def reach(self, job_id: UUID, state: str, within: float = 12.0) -> JobStatus:
        return await self.until(job_id, lambda status: status.state == state, within)

    async def runner(self, job_id: UUID) -> psutil.Process:
        """Return the job's runner process."""
        client = await attach(self.core.folder.run, str(job_id))
        await client.close()
        return psutil.Process(client.hello.identity.pid)


class Watch(Sink):
    """Our own RTMP server; notes every publisher that comes while another one publishes under the same key."""

    def __init__(self) -> None:
        super().__init__()
        self.doubles: list[str] = []

    async def _take(self, stream: IncomingStream) -> None:
        if any(not one.over for one in self.of(stream.request.key)):
            self.doubles.append(stream.request.key)
        await super()._take(stream)


async def copy_profile() -> UUID:
    """Return a profile that encodes nothing."""
    settings = COPY.model_dump(mode="json", exclude={"name"})
    row, _ = await FFmpegProfile.get_or_create({"settings": settings, "expert_args": []}, name="copy of all")
    return row.id


async def desired(job_id: UUID) -> str:
    """Return what is wanted of a job, as it is stored."""
    return (await StreamJob.get(id=job_id)).desired


@contextlib.asynccontextmanager
async def house(folder: Path, **environment: str) -> AsyncIterator[House]:
    """Open a core on ``folder``; at the end streams go on."""
    async with running_core(folder, **environment) as core:
        yield House(core)


def runners_in(folder: Path) -> list[psutil.Process]:
    """Return the runners whose run folder is in ``folder``."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if "castcore_core.runner" in line and str(folder) in " ".join(line):
            found.append(process)
    return found


def end_runners(folder: Path) -> None:
    """Kill what a test has left running."""
    for process in runners_in(folder):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
            process.wait(5)
