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
_FEW = 4
"""Jobs that are left while two encodes take the cores: twenty streams take most of one themselves."""
_SETTLE_SECONDS = 5.0
_WINDOW_SECONDS = 20.0
_ROUNDS = 5


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
        figures.append(_quiet(_truth_of(_JOBS), lambda: _truth(service, jobs)))
        for job in jobs[_FEW:]:
            service.command(job, "stop")
        for job in jobs[_FEW:]:
            service.wait_for(job, "stopped")
        figures.append(_busy(_truth_of(_FEW), lambda: _truth(service, jobs[:_FEW]), build))
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


def _truth_of(jobs: int) -> str:
    return f"from exec of the next server after kill -9 to the true state of {jobs} jobs"


def _truth(service: Service, jobs: list[str]) -> float:
    """Kill the server, start the next, and return the seconds until it tells the true state of every job."""
    before = sorted(runner.pid for runner in service.runners())
    service.end(signal.SIGKILL)
    service.start()
    for job in jobs:
        service.wait_for(job, "running")
    known = time.monotonic() - service.began
    if sorted(runner.pid for runner in service.runners()) != before:
        raise RuntimeError("a runner was replaced")
    return known


def _cold_start(folder: Path, build: FFmpegBuild) -> list[Figure]:
    """Start on a folder that has everything, with all plugins; the very first start stands beside it."""
    with Service(folder / "start") as service:
        first = service.wait_healthy()
        plugins = len(service.ask("GET", "/plugins")["items"])

        def start() -> float:
            service.end(signal.SIGTERM)
            service.start()
            return service.wait_healthy()

        name = f"from exec of the server to healthy, {plugins} plugins"
        figures = [_quiet(name, start), _busy(name, start, build)]
    schema = "the very first start, schema, admin and their password included"
    return [*figures, Figure(name=f"from exec to healthy: {schema}", value=first, unit="s")]


def _quiet(name: str, once: Callable[[], float]) -> Figure:
    return _worst(f"{name}, worst of {_ROUNDS}", [once() for _ in range(_ROUNDS)], 2.0)


def _busy(name: str, once: Callable[[], float], build: FFmpegBuild) -> Figure:
    with busy_cores(build.path):
        seconds = [once() for _ in range(_ROUNDS)]
    return _worst(f"{name}, two encodes on all cores, worst of {_ROUNDS}", seconds, 3.0)


def _worst(name: str, seconds: list[float], bound: float) -> Figure:
    load = f"median; load of the machine {os.getloadavg()[0]:.1f}"
    return Figure(
        name=name,
        value=max(seconds),
        unit="s",
        reference=statistics.median(seconds),
        reference_name=load,
        bound=bound,
    )
