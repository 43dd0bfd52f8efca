"""What an answer of the API costs the server in CPU time."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from figure import Figure
from process import own_cpu_seconds
from service import Service

from castcore_core.ffmpeg.build import FFmpegBuild

_JOBS = 50
_WARM = 50
_REQUESTS = 400
_QUIET_SECONDS = 5.0


async def measure(build: FFmpegBuild, folder: Path) -> list[Figure]:
    """Return the figures of this area."""
    with Service(folder / "request") as service:
        service.wait_healthy()
        for number in range(_JOBS):
            service.add_job(f"job {number}", f"rtmp://127.0.0.1:1/live/r{number}")
        listed = len(service.ask("GET", "/stream-jobs")["items"])
        if listed != _JOBS:
            raise RuntimeError(f"{listed} jobs instead of {_JOBS}")
        await asyncio.sleep(1.0)
        begun, used = time.monotonic(), own_cpu_seconds(service.pid)
        await asyncio.sleep(_QUIET_SECONDS)
        quiet = (own_cpu_seconds(service.pid) - used) / (time.monotonic() - begun)
        many = _cost(service, f"/stream-jobs?limit={_JOBS}", quiet)
        me = _cost(service, "/auth/me", quiet)
        health = _cost(service, "/system/health", quiet)
    name = "CPU of the server for GET"
    return [
        Figure(name=f"{name} /stream-jobs with {_JOBS} jobs", value=many, unit="ms", bound=10.0),
        Figure(
            name=f"{name} /auth/me",
            value=me,
            unit="ms",
            reference=health,
            reference_name="GET /system/health",
            bound=2.5,
        ),
    ]


def _cost(service: Service, path: str, quiet: float) -> float:
    """Return milliseconds of CPU per request, without what the quiet server uses meanwhile."""
    for _ in range(_WARM):
        service.ask("GET", path)
    begun, used = time.monotonic(), own_cpu_seconds(service.pid)
    for _ in range(_REQUESTS):
        service.ask("GET", path)
    used = own_cpu_seconds(service.pid) - used - quiet * (time.monotonic() - begun)
    return 1000 * used / _REQUESTS
