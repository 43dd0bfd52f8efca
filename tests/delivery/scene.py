"""Runs as ``castcore run`` plans them, with short waits, and a viewer of what a server gives on."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from castcore_core.ffmpeg.build import find_build
from castcore_core.plugins.host import HostSettings, PluginHost
from castcore_core.rtmp import Endpoint, Player, RtmpError, Tag, TagKind, play
from castcore_core.runner.plan import BackoffPlan
from castcore_core.streams.preparation import Prepared, prepare
from castcore_core.streams.request import RunRequest
from castcore_sdk import Severity
from runner.scene import Arrival, Run, Session, running

TEST_PICTURE = "test:320x180@30"
QUICK = BackoffPlan(first=0.3, most=0.6)


class Stage:
    """Prepares runs with the real plugin host and starts their runners."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._host = PluginHost(folder / "data", folder / "cache", path=[], settings=HostSettings(watch=False, early=0))
        self._host.load()

    async def close(self) -> None:
        await self._host.aclose()

    async def prepare(self, source: str | Path, *targets: str, **options: Any) -> Prepared:
        """Plan a run; ``options`` are those of RunRequest."""
        request = RunRequest(input=str(source), targets=targets, **options)
        return await prepare(request, self._host, await find_build())

    @contextlib.asynccontextmanager
    async def running(
        self, source: str | Path, *targets: str, stall_seconds: float = 10.0, queue_ms: int = 5000, **options: Any
    ) -> AsyncIterator[Run]:
        """Run it; destinations are called ``out1``, ``out2`` … and tried again after a third of a second."""
        prepared = await self.prepare(source, *targets, **options)
        plan = prepared.planned.plan
        outputs = tuple(
            replace(one, backoff=QUICK, stall_seconds=stall_seconds, queue_ms=queue_ms) for one in plan.outputs
        )
        try:
            async with running(self.folder / "run", replace(plan, outputs=outputs), prepared.planned.secrets) as run:
                yield run
        finally:
            await prepared.close()

    async def notices(self, source: str | Path, *targets: str, **options: Any) -> list[str]:
        """Return the codes of what a person is told before the start."""
        prepared = await self.prepare(source, *targets, **options)
        await prepared.close()
        return [one.code for one in prepared.notices if one.severity is not Severity.OK]


class Viewer:
    """Plays a stream from a server and notes every tag, with the clock's time of its arrival."""

    def __init__(self, player: Player, key: str) -> None:
        self.session = Session(key)
        self._player = player
        self._changed = asyncio.Condition()
        self._playing = asyncio.create_task(self._play())

    @property
    def pictures(self) -> int:
        """How many came so far."""
        return len(self.session.media())

    async def until(self, condition: Callable[[], Any], within: float = 15.0) -> None:
        """Wait until ``condition`` holds; it is looked at with each tag."""
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(condition)

    async def sees(self, more: int) -> None:
        """Wait for so many more pictures."""
        wanted = self.pictures + more
        await self.until(lambda: self.pictures >= wanted)

    async def close(self) -> None:
        await self._player.close(1.0)
        await self._playing

    async def _play(self) -> None:
        with contextlib.suppress(RtmpError):
            async for tag in self._player:
                self.session.arrivals.append(Arrival(time.monotonic(), tag))
                async with self._changed:
                    self._changed.notify_all()

    def pauses(self) -> list[float]:
        """Return the seconds between arrivals of pictures."""
        times = [one.at for one in self.session.arrivals if _is_picture(one.tag)]
        return [after - before for before, after in itertools.pairwise(times)]


def _is_picture(tag: Tag) -> bool:
    return tag.kind is TagKind.VIDEO and not tag.is_sequence_header


@contextlib.asynccontextmanager
async def viewing(url: str) -> AsyncIterator[Viewer]:
    """Play ``url`` from the first picture that comes."""
    endpoint = Endpoint.parse(url)
    viewer = Viewer(await play(endpoint), endpoint.stream_key)
    try:
        await viewer.sees(1)
        yield viewer
    finally:
        await viewer.close()
