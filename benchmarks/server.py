"""What the server costs with 20 streams on air, and how soon it is there: at a cold start, and after a kill."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from figure import Figure
from process import SinkProcess, own_cpu_seconds, pss_bytes
from service import Service, busy_cores
from stream import make_clip

from castcore_core.ffmpeg.build import FFmpegBuild

_JOBS = 20
_SETTLE_SECONDS = 5.0
_WINDOW_SECONDS = 20.0
_STARTS = 3
_KILLS = 3


async def measure(build: FFmpegBuild, folder: Path) -> list[Figure]:
    """Return the figures of this area."""
    clip = make_clip(build, folder / "tiny.mkv", size="320x180", bitrate="300k", seconds=20)
    with SinkProcess() as sink, Service(folder / "load") as service:
        service.wait_healthy()
        time.sleep(_SETTLE_SECONDS)
        idle = pss_bytes(service.pid)
        jobs = [service.add_job(f"job {n}", sink.url(f"j{n}"), clip, copy=True) for n in range(_JOBS)]
        for job in jobs:
            service.command(job, "start")
        for job in jobs:
            service.wait_for(job, "running")
        await asyncio.sleep(_SETTLE_SECONDS)
        figures = [*_memory(service, idle), *await _load(service, sink)]
        figures += _truth(service, jobs, build)
    return [*figures, *_cold_start(folder, build)]


def _memory(service: Service, idle: int) -> list[Figure]:
    runners = [pss_bytes(runner.pid) / 1e6 for runner in service.runners()]
    if len(runners) != _JOBS:
        raise RuntimeError(f"{len(runners)} runners instead of {_JOBS}")
    loaded = pss_bytes(service.pid)
    return [
        Figure(name="memory of the server, no job on air (PSS)", value=idle / 1e6, unit="MB", bound=120.0),
        Figure(name=f"memory of the server, {_JOBS} jobs on air (PSS)", value=loaded / 1e6, unit="MB", bound=120.0),
        Figure(
            name=f"memory of a runner, worst of {_JOBS} (PSS)",
            value=max(runners),
            unit="MB",
            reference=statistics.median(runners),
            reference_name="median",
            bound=20.0,
        ),
    ]


async def _load(service: Service, sink: SinkProcess) -> list[Figure]:
    """Measure the server alone, its runners and their ffmpeg not among it; nobody is connected."""
    before = sink.counts()
    begun, used = time.monotonic(), own_cpu_seconds(service.pid)
    await asyncio.sleep(_WINDOW_SECONDS)
    seconds = time.monotonic() - begun
    used = own_cpu_seconds(service.pid) - used
    after = sink.counts()
    if len(after) != _JOBS or any(after[key][1] - before[key][1] < 20 * seconds for key in after):
        raise RuntimeError("not every job was on air")
    name = f"CPU of the server with {_JOBS} copy jobs of 320x180, no client"
    return [Figure(name=name, value=100 * used / seconds, unit="% of a core", bound=2.5)]


def _truth(service: Service, jobs: list[str], build: FFmpegBuild) -> list[Figure]:
    """Kill the server, start the next, and see when it tells the true state of every job."""

    def kill() -> float:
        before = sorted(runner.pid for runner in service.runners())
        service.end(signal.SIGKILL)
        service.start()
        for job in jobs:
            service.wait_for(job, "running")
        known = time.monotonic() - service.began
        if sorted(runner.pid for runner in service.runners()) != before:
            raise RuntimeError("a runner was replaced")
        return known

    name = f"from exec of the next server after kill -9 to the true state of {_JOBS} jobs, worst of {_KILLS}"
    return _quiet_and_busy(name, kill, _KILLS, build)


def _cold_start(folder: Path, build: FFmpegBuild) -> list[Figure]:
    """Start on a folder that has everything, with all plugins; the very first start stands beside it."""
    with Service(folder / "start") as service:
        first = service.wait_healthy()
        plugins = len(service.ask("GET", "/plugins")["items"])

        def start() -> float:
            service.end(signal.SIGTERM)
            service.start()
            return service.wait_healthy()

        name = f"from exec of the server to healthy, {plugins} plugins, worst of {_STARTS}"
        figures = _quiet_and_busy(name, start, _STARTS, build)
    schema = "the very first start, schema, admin and their password included"
    return [*figures, Figure(name=f"from exec to healthy: {schema}", value=first, unit="s")]


def _quiet_and_busy(name: str, once: Callable[[], float], count: int, build: FFmpegBuild) -> list[Figure]:
    quiet = [once() for _ in range(count)]
    load = os.getloadavg()[0]
    with busy_cores(build.path):
        busy = [once() for _ in range(count)]
    return [
        Figure(
            name=name,
            value=max(quiet),
            unit="s",
            reference=statistics.median(quiet),
            reference_name=f"median; load of the machine {load:.1f}",
            bound=2.0,
        ),
        Figure(
            name=f"{name}, two encodes on all cores",
            value=max(busy),
            unit="s",
            reference=statistics.median(busy),
            reference_name="median",
            bound=3.0,
        ),
    ]
