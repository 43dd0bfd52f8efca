"""What the demo's server is given: an admin, three destinations, and a job that is on air."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from castcore_core.accounts.role import Role
from castcore_core.accounts.user import Users
from castcore_core.cli.message import say
from castcore_core.core import Core
from castcore_core.destinations.service import Destinations
from castcore_core.engine.board import Board
from castcore_core.engine.schemas import JobStatus
from castcore_core.streams.command import Commands
from castcore_core.streams.definition import Recording
from castcore_core.streams.schemas import JobCreation, OutputDefinition
from castcore_core.streams.service import Jobs

USER = "demo"
KEY = "demo"
_PASSWORD_BYTES = 12


@dataclass(frozen=True, slots=True)
class Places:
    """Where the demo's outputs go."""

    rtmp: str
    """Application of the RTMP server, without the key."""
    hls: Path
    recordings: Path


class Scene:
    """The demo's user and job on a running server."""

    def __init__(self, core: Core, job_id: UUID, password: str) -> None:
        """Made by :func:`set_scene`."""
        self.job_id = job_id
        self.password = password
        self._core = core

    @property
    def status(self) -> JobStatus:
        """How the job is."""
        return self._core.get(Board).get(str(self.job_id)) or JobStatus(job_id=str(self.job_id))

    async def reach(self, condition: Callable[[JobStatus], bool], within: float) -> bool:
        """Wait until the status fulfils ``condition``, ``within`` seconds at most; return whether it does."""
        changed = asyncio.Event()

        with self._core.get(Board).listen(lambda _channel, _message: changed.set()):
            try:
                async with asyncio.timeout(within):
                    while not condition(self.status):
                        await changed.wait()
                        changed.clear()
            except TimeoutError:
                return condition(self.status)
        return True

    async def end(self, within: float) -> bool:
        """Take the job off the air; return whether it was in time."""
        await self._core.get(Commands).stop(self.job_id)
        return await self.reach(lambda status: status.state == "stopped", within)


async def set_scene(core: Core, clip: Path, places: Places) -> Scene:
    """Make user, destinations and job, and start the job. Raises CastCoreError."""
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    await core.get(Users).create(USER, password, Role.ADMIN)
    wanted = {
        say("demo_rtmp"): ("rtmp", {"url": places.rtmp, "stream_key": KEY}),
        say("demo_hls"): ("hls", {"folder": str(places.hls)}),
    }
    outputs = []
    for name, (kind, config) in wanted.items():
        row = await core.get(Destinations).create(name, kind, config, Role.ADMIN)
        outputs.append(OutputDefinition(destination_id=row.id))
    creation = JobCreation.model_validate(
        {
            "name": say("demo_job"),
            "source": {"kind": "file", "path": str(clip), "loop": True},
            "outputs": outputs,
            "recording": Recording(enabled=True, folder=str(places.recordings)),
        }
    )
    job_id, _ = await core.get(Jobs).create(creation, Role.ADMIN)
    await core.get(Commands).start(job_id)
    return Scene(core, job_id, password)
