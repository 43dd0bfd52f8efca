"""What the scenarios share: clips, plans made by the real planner, and runners."""

from __future__ import annotations

import asyncio
import subprocess
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from process import SinkProcess
from pydantic import SecretStr

from castcore_core.builtin.x264 import X264, X264Config
from castcore_core.ffmpeg.build import FFmpegBuild
from castcore_core.ffmpeg.profile import COPY, PRESETS, Profile
from castcore_core.media.probe import probe
from castcore_core.runner.client import RunnerClient, launch
from castcore_core.runner.event import Event, OutputState
from castcore_core.streams.planner import Delivery, Planned, Programme, plan_job
from castcore_core.streams.source import Source, parse_source
from castcore_sdk import PublishProtocol, PublishTarget
from castcore_sdk.testing import MemoryContext


def make_clip(build: FFmpegBuild, path: Path, *, size: str, bitrate: str, seconds: int, noise: int = 20) -> Path:
    """Encode a clip with 2 s keyframes and AAC, unless it is there; ``noise`` makes it hard to encode."""
    if not path.exists():
        command = [
            *(build.path, "-hide_banner", "-loglevel", "error", "-y"),
            *("-f", "lavfi", "-i", f"testsrc2=s={size}:r=30:d={seconds},noise=alls={noise}:allf=t"),
            *("-f", "lavfi", "-i", f"sine=f=440:r=48000:d={seconds}"),
            *("-c:v", "libx264", "-preset", "veryfast", "-b:v", bitrate, "-minrate", bitrate, "-maxrate", bitrate),
            *("-bufsize", bitrate, "-x264-params", "nal-hrd=cbr", "-pix_fmt", "yuv420p", "-g", "60", "-bf", "0"),
            *("-c:a", "aac", "-b:a", "128k", "-ac", "2", str(path)),
        ]
        subprocess.run(command, check=True)
    return path


async def make_plan(
    build: FFmpegBuild, source: Source, urls: Sequence[str], profile: Profile, **more: object
) -> Planned:
    """Plan ``source`` → RTMP ``urls`` (``rtmp://host:port/app/key``)."""
    media = await probe(Path(source.location)) if source.kind == "file" else None
    deliveries = [Delivery(id=f"out{number}", name=url, target=target(url)) for number, url in enumerate(urls, 1)]
    encoder = None if profile.copies_video else X264(X264Config(), MemoryContext())
    programme = Programme(
        job_id=f"bench-{uuid.uuid4()}",
        source=source,
        media=media,
        profile=profile,
        encoder=encoder,
        deliveries=deliveries,
        font="",
        ca_file="",
        loop=source.kind == "file",
    )
    return plan_job(programme, build)


def target(url: str) -> PublishTarget:
    """Return the target that an RTMP destination would answer."""
    application, _, key = url.rpartition("/")
    return PublishTarget(reference=key, protocol=PublishProtocol.RTMP, url=application, stream_key=SecretStr(key))


@asynccontextmanager
async def running(planned: Planned, folder: Path) -> AsyncIterator[RunnerClient]:
    """Start a runner and yield it once all its outputs are up; end it afterwards."""
    client = await launch(folder, planned.plan, planned.secrets)
    try:
        await all_up(client, {one.id for one in planned.plan.outputs})
        yield client
    finally:
        await client.stop(2.0)
        await client.wait_gone()
        await client.close()


async def all_up(client: RunnerClient, wanted: set[str], *, within: float = 15.0) -> list[Event]:
    """Take in events until every wanted output is up."""
    seen: list[Event] = []
    missing = set(wanted)
    async with asyncio.timeout(within):
        while missing:
            event = await anext(client)
            seen.append(event)
            if isinstance(event, OutputState) and event.state == "up":
                missing.discard(event.output)
    return seen


async def drain(client: RunnerClient, seconds: float) -> None:
    """Take in events for a while, so that nothing piles up."""
    try:
        async with asyncio.timeout(seconds):
            async for _ in client:
                pass
    except TimeoutError:
        return


def file_source(path: Path) -> Source:
    """Return a clip as a source."""
    return parse_source(str(path))


def encoder_arguments(planned: Planned) -> list[str]:
    """Return filters and encoder options that the planner chose, for a plain ffmpeg to do the same work."""
    encoder = planned.plan.encoder
    assert encoder is not None
    arguments = [one for one in encoder.arguments if isinstance(one, str)]
    return arguments[arguments.index("-filter_complex") : arguments.index("-map_metadata")]


async def wait_for_video(sink: SinkProcess, key: str, *, within: float = 20.0) -> None:
    """Wait until a sink has video under a key."""
    async with asyncio.timeout(within):
        while sink.counts().get(key, [0, 0, 0])[1] == 0:
            await asyncio.sleep(0.05)


__all__ = [
    "COPY",
    "PRESETS",
    "all_up",
    "drain",
    "encoder_arguments",
    "file_source",
    "make_clip",
    "make_plan",
    "running",
    "wait_for_video",
]
