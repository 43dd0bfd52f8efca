"""How soon a job that is started is on air, and how soon it is again after its encoder was killed."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from pathlib import Path

import psutil
from figure import Figure
from process import SinkProcess
from service import Service
from start import first_video, plain_start
from stream import make_clip

from castcore_core.ffmpeg.build import FFmpegBuild

_ROUNDS = 7
_STEADY_SECONDS = 2.0
_WATCH_SECONDS = 3.0


async def measure(build: FFmpegBuild, folder: Path) -> list[Figure]:
    """Return the figures of this area. Server and plain ffmpeg take turns, so that a busy machine hurts both."""
    clip = make_clip(build, folder / "small.mkv", size="640x360", bitrate="1M", seconds=20)
    ours, plain, gaps = [], [], []
    with SinkProcess() as sink, Service(folder / "reaction", CASTCORE_FFMPEG=build.path) as service:
        service.wait_healthy()
        for number in range(_ROUNDS):
            key = f"a{number}"
            # Without a slate, so that what is seen after the kill is the programme.
            job = service.add_job(key, sink.url(key), clip, fallback="none")
            begun = time.monotonic_ns()
            service.command(job, "start")
            ours.append(await first_video(sink, key, begun))
            await asyncio.sleep(_STEADY_SECONDS)
            gaps.append(await _without_encoder(service, sink, key))
            service.command(job, "stop")
            service.wait_for(job, "stopped")
            plain.append(await plain_start(build, clip, sink, f"b{number}"))
    return [
        Figure(
            name="from POST start to the first video at the server ÷ plain ffmpeg, median of pairs",
            value=statistics.median(mine / theirs for mine, theirs in zip(ours, plain, strict=True)),
            unit="×",
            reference=1.0,
            reference_name=f"plain {statistics.median(plain):.0f} ms, ours {statistics.median(ours):.0f} ms",
            bound=1.5,
        ),
        Figure(
            name=f"from kill -9 of the encoder to video again, worst of {_ROUNDS}",
            value=max(gaps),
            unit="s",
            reference=statistics.median(gaps),
            reference_name="median",
            bound=1.0,
        ),
    ]


async def _without_encoder(service: Service, sink: SinkProcess, key: str) -> float:
    """Kill the encoder and return the seconds until the end of the longest silence that follows."""
    (runner,) = service.runners()
    (encoder,) = [child for child in runner.children(recursive=True) if "ffmpeg" in child.name()]
    sink.stamps()
    killed = time.monotonic_ns()
    psutil.Process(encoder.pid).kill()
    await asyncio.sleep(_WATCH_SECONDS)
    arrivals = [killed, *(arrived for name, arrived, _, _ in sink.stamps() if name == key and arrived > killed)]
    _, again = max((later - earlier, later) for earlier, later in itertools.pairwise(arrivals))
    return (again - killed) / 1e9
