"""How soon the first video is at the server: the runner against a plain ffmpeg of the same build."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import time
from pathlib import Path

from figure import Figure
from process import SinkProcess
from stream import PRESETS, encoder_arguments, file_source, make_clip, make_plan

from castcore_core.ffmpeg.build import FFmpegBuild
from castcore_core.runner.client import launch

_ROUNDS = 7


async def measure(build: FFmpegBuild, folder: Path) -> list[Figure]:
    """Return the figure of this area. The two take turns, so that a busy machine hurts both."""
    clip = make_clip(build, folder / "small.mkv", size="640x360", bitrate="1M", seconds=20)
    ours, plain = [], []
    with SinkProcess() as sink:
        for number in range(_ROUNDS):
            ours.append(await _runner(build, folder, clip, sink, f"a{number}"))
            plain.append(await plain_start(build, clip, sink, f"b{number}"))
    ratio = statistics.median(mine / theirs for mine, theirs in zip(ours, plain, strict=True))
    return [
        Figure(
            name="from exec of the runner to the first video at the server ÷ plain ffmpeg, median of pairs",
            value=ratio,
            unit="×",
            reference=1.0,
            reference_name=f"plain {statistics.median(plain):.0f} ms, ours {statistics.median(ours):.0f} ms",
            bound=1.3,
        )
    ]


async def _runner(build: FFmpegBuild, folder: Path, clip: Path, sink: SinkProcess, key: str) -> float:
    planned = await make_plan(build, file_source(clip), [sink.url(key)], PRESETS["source"])
    begun = time.monotonic_ns()
    client = await launch(folder / "run", planned.plan, planned.secrets)
    try:
        return await first_video(sink, key, begun)
    finally:
        await client.stop(1.0)
        await client.wait_gone()
        await client.close()


async def plain_start(build: FFmpegBuild, clip: Path, sink: SinkProcess, key: str) -> float:
    """Return milliseconds from exec of a plain ffmpeg that does the same work to its first video at the server."""
    planned = await make_plan(build, file_source(clip), [sink.url(key)], PRESETS["source"])
    front = [
        build.path,
        "-hide_banner",
        "-loglevel",
        "error",
        "-nostdin",
        "-readrate",
        "1",
        "-readrate_initial_burst",
        "0.5",
    ]
    begun = time.monotonic_ns()
    process = subprocess.Popen([*front, "-i", str(clip), *encoder_arguments(planned), "-f", "flv", sink.url(key)])
    try:
        return await first_video(sink, key, begun)
    finally:
        process.kill()
        process.wait()


async def first_video(sink: SinkProcess, key: str, begun: int) -> float:
    """Return milliseconds from ``begun`` to the first video tag under ``key``."""
    async with asyncio.timeout(20):
        while True:
            for name, arrived, _, _ in sink.stamps():
                if name == key:
                    return (arrived - begun) / 1e6
            await asyncio.sleep(0.01)
