"""Figures of the machine and of this process, measured off the event loop and at most once a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
from pydantic import BaseModel, Field

from castcore_core.core import Core
from castcore_core.monitoring.health import Health
from castcore_core.monitoring.source import MetricSources

_FRESH_S = 1.0


class Figures(BaseModel):
    """The machine and the server at one moment; rates are since the measurement before."""

    cpu_percent: float = Field(description="Load of all cores together, 0 to 100.")
    cpu_count: int
    memory_total: int = Field(description="Bytes.")
    memory_available: int = Field(description="Bytes.")
    disk_total: int = Field(description="Bytes of the data folder's file system.")
    disk_free: int = Field(description="Bytes of the data folder's file system.")
    network_sent: float = Field(description="Bytes per second over all interfaces but loopback.")
    network_received: float = Field(description="Bytes per second over all interfaces but loopback.")
    process_count: int = Field(description="Processes of this machine.")
    server_cpu_percent: float = Field(description="Load of the server process, 100 is one core.")
    server_memory: int = Field(description="Resident bytes of the server process.")
    uptime: float = Field(description="Seconds since the server started.")


class Sampler:
    """Measure on demand; callers that ask within a second share one measurement."""

    def __init__(self, folder: Path, started: float) -> None:
        self._folder = folder
        self._started = started
        self._process = psutil.Process()
        self._lock = asyncio.Lock()
        self._taken = 0.0
        self._figures: Figures | None = None
        self._traffic = (time.monotonic(), *_traffic())
        # The first call of each only sets its starting point.
        psutil.cpu_percent()
        self._process.cpu_percent()

    async def figures(self) -> Figures:
        """Return figures that are at most a second old."""
        async with self._lock:
            if self._figures is None or time.monotonic() - self._taken >= _FRESH_S:
                # In a thread: asking a file system for its space can hang with a hung mount.
                self._figures = await asyncio.to_thread(self._measure)
                self._taken = time.monotonic()
            return self._figures

    def _measure(self) -> Figures:
        memory = psutil.virtual_memory()
        disk = psutil.disk_usage(str(self._folder))
        now = (time.monotonic(), *_traffic())
        passed = max(now[0] - self._traffic[0], 1e-3)
        sent, received = ((now[index] - self._traffic[index]) / passed for index in (1, 2))
        self._traffic = now
        return Figures(
            cpu_percent=psutil.cpu_percent(),
            cpu_count=psutil.cpu_count() or 1,
            memory_total=memory.total,
            memory_available=memory.available,
            disk_total=disk.total,
            disk_free=disk.free,
            network_sent=max(0.0, sent),
            network_received=max(0.0, received),
            process_count=len(psutil.pids()),
            server_cpu_percent=self._process.cpu_percent(),
            server_memory=self._process.memory_info().rss,
            uptime=time.monotonic() - self._started,
        )


def _traffic() -> tuple[int, int]:
    interfaces = [counted for name, counted in psutil.net_io_counters(pernic=True).items() if name != "lo"]
    return sum(each.bytes_sent for each in interfaces), sum(each.bytes_recv for each in interfaces)


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Provide :class:`Health` with the core's own checks, :class:`MetricSources` and the :class:`Sampler`."""
    health = Health()
    health.add("database", core.database.check)
    health.add("events", core.bus.check)
    core.provide(health)
    core.provide(MetricSources())
    core.provide(Sampler(core.folder.root, core.started))
    yield
