"""A stage for jobs that play from a storage while everything dies."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2 as httpx
import psutil
import pytest

from castcore_core.accounts.role import Role
from castcore_core.storage.keeper import Mount
from castcore_core.storage.models import StorageSource
from castcore_core.storage.service import Storage
from castcore_core.storage.source import StorageSources
from engine.scene import House, end_runners
from servers.castcore import ServerProcess, start, wait_ready
from servers.media import BUNDLED
from servers.nginx import NginxRtmp

FILE = "films/Übertragung 1.mp4"
LINE = 2_000_000
"""Bytes per second, where the film needs one million: buffers hold little of it, so that a death is soon noticed."""


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of noise at 8 Mbit/s."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    picture = "testsrc2=s=160x90:r=25:d=12,noise=alls=100:allf=t"
    rate = ["-b:v", "8M", "-minrate", "8M", "-maxrate", "8M", "-bufsize", "8M"]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", *rate, "-c:a", "aac", "-t", "12"]
    inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=d=12"]
    subprocess.run([BUNDLED, "-nostdin", "-loglevel", "error", *inputs, *coding, str(path)], check=True, timeout=60)
    return path


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder; runners and workers that are left in it are ended."""
    yield tmp_path / "data"
    end_runners(tmp_path)
    for process in workers_in(tmp_path):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
            process.wait(5)


def workers_in(folder: Path) -> list[psutil.Process]:
    """Return the storage workers whose data folder is in ``folder``."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if "castcore_core.storage.worker" in (line := process.info["cmdline"] or []) and str(folder) in " ".join(line)
    ]


async def keep(home: House, kind: str, config: dict[str, Any]) -> str:
    """Keep a source and return its id."""
    return str((await home.core.get(StorageSources).create("NAS", kind, config, Role.ADMIN)).id)


async def play(home: House, source_id: str, nginx: NginxRtmp, **values: Any) -> UUID:
    """Make a job that plays the film over and over, and start it."""
    source = {"kind": "storage", "source_id": source_id, "path": FILE, "loop": True}
    job = await home.job("from the NAS", nginx.url(), "key", source=source, **values)
    await home.commands.start(job)
    return job


async def mounted(home: House, source_id: str, condition: Callable[[Mount], object], within: float = 40.0) -> Mount:
    """Wait until the source does so."""
    row = await StorageSource.get(id=source_id)
    deadline = time.monotonic() + within
    while not condition(found := home.core.get(Storage).status(row)):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.05)
    return found


def assert_no_secret(data: Path, secret: str) -> None:
    """Look for the secret in every file but the locked database, and in every process's arguments and environment."""
    for file in data.rglob("*"):
        if file.is_file() and not file.is_symlink():
            assert secret.encode() not in file.read_bytes(), file
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            assert secret not in " ".join(process.cmdline()), process
            assert secret not in " ".join(process.environ().values()), process


@asynccontextmanager
async def running(data: Path) -> AsyncIterator[ServerProcess]:
    """Run a server, and kill it with SIGKILL at the end."""
    server = await asyncio.to_thread(lambda: wait_ready(start(data, module="engine.server")))
    try:
        yield server
    finally:
        server.stop(signal.SIGKILL)
        assert server.process.stdout is not None
        server.process.stdout.close()


async def told(server: ServerProcess, path: str, field: str, value: object, within: float = 40.0) -> dict[str, Any]:
    """Ask the server until a field has the value, and return the answer."""
    deadline = time.monotonic() + within
    async with httpx.AsyncClient(base_url=server.address, timeout=10) as client:
        while (found := (await client.get(f"/api/v1/{path}")).json()).get(field) != value:
            assert time.monotonic() < deadline, found
            await asyncio.sleep(0.05)
        return dict(found)
