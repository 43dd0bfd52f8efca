"""A job that plays from S3 while everything dies: one session at the destination, and no secret in sight."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2 as httpx
import psutil
import pytest

from castcore_core.accounts.role import Role
from castcore_core.core import Core
from castcore_core.storage.client import Worker
from castcore_core.storage.service import Storage
from castcore_core.storage.source import StorageSources
from engine.scene import House, end_runners, house
from servers.castcore import ServerProcess, start, wait_ready
from servers.media import BUNDLED
from servers.nginx import NginxRtmp, nginx
from servers.s3 import BUCKET, SECRET, S3Server
from servers.slow import SlowLine

__all__ = ["nginx"]

FILE = "films/Übertragung 1.mp4"
_LINE = 2_000_000
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


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, film: Path) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        server.client().put_object(Bucket=BUCKET, Key=FILE, Body=film.read_bytes())
        yield server


@pytest.fixture
def s3(shared: S3Server) -> S3Server:
    shared.restore()
    return shared


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder; runners and workers that are left in it are ended."""
    yield tmp_path / "data"
    end_runners(tmp_path)
    for process in _workers(tmp_path):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
            process.wait(5)


def _workers(folder: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if "castcore_core.storage.worker" in (line := process.info["cmdline"] or []) and str(folder) in " ".join(line)
    ]


async def source_in(core: Core, s3: S3Server, port: int) -> str:
    """Keep the bucket as a source and return its id."""
    config = s3.config(endpoint=f"http://127.0.0.1:{port}")
    return str((await core.get(StorageSources).create("Bucket", "s3", config, Role.ADMIN)).id)


async def playing(home: House, source_id: str, nginx: NginxRtmp) -> UUID:
    """Start a job that encodes the film over and over, so that there is a slate."""
    source = {"kind": "storage", "source_id": source_id, "path": FILE, "loop": True}
    job = await home.job("from S3", nginx.url(), "key", source=source)
    await home.commands.start(job)
    await home.reach(job, "running", within=30)
    return job


def assert_no_secret(data: Path) -> None:
    """Look for the secret in every file but the locked database, and in every process's arguments and environment."""
    needle = SECRET.encode()
    for file in data.rglob("*"):
        if file.is_file() and not file.is_symlink():
            assert needle not in file.read_bytes(), file
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            assert SECRET not in " ".join(process.cmdline()), process
            assert SECRET not in " ".join(process.environ().values()), process


@pytest.mark.timeout(180)
async def test_the_s3_server_dies_and_comes_back(data: Path, s3: S3Server, nginx: NginxRtmp) -> None:
    async with SlowLine(s3.port, _LINE) as line, house(data) as home:
        source_id = await source_in(home.core, s3, line.port)
        job = await playing(home, source_id, nginx)
        s3.kill()
        await home.reach(job, "fallback", within=40)
        await asyncio.to_thread(s3.restore)
        await home.reach(job, "running", within=60)
        assert home.status(job).outputs[0].reconnects == 0
        assert_no_secret(data)
    assert len(nginx.publishers("key")) == 1


@pytest.mark.timeout(180)
async def test_the_worker_is_killed(data: Path, s3: S3Server, nginx: NginxRtmp) -> None:
    async with SlowLine(s3.port, _LINE) as line, house(data) as home:
        source_id = await source_in(home.core, s3, line.port)
        job = await playing(home, source_id, nginx)
        for _ in range(2):
            (process,) = _workers(data)
            process.kill()
            await _until_read(home.core, source_id, other_than=process.pid)
        await home.reach(job, "running", within=40)
        assert home.status(job).outputs[0].reconnects == 0
        assert_no_secret(data)
    assert len(nginx.publishers("key")) == 1


async def _until_read(core: Core, source_id: str, *, other_than: int) -> None:
    from castcore_core.storage.models import StorageSource

    row = await StorageSource.get(id=source_id)
    async with asyncio.timeout(40):
        while (mount := core.get(Storage).status(row)).pid in (None, other_than) or not mount.readers:
            await asyncio.sleep(0.05)


@pytest.mark.timeout(240)
async def test_server_and_worker_are_killed(data: Path, s3: S3Server, nginx: NginxRtmp) -> None:
    async with SlowLine(s3.port, _LINE) as line:
        async with house(data, CASTCORE_ROLE="web") as office:
            source_id = await source_in(office.core, s3, line.port)
            source = {"kind": "storage", "source_id": source_id, "path": FILE, "loop": True}
            job = await office.job("from S3", nginx.url(), "key", source=source, copy=True)
            await office.commands.start(job)
        status, mount = f"stream-jobs/{job}/status", f"mounts/{source_id}/status"
        async with _running(data) as server:
            await _until(server, status, "state", "running")
            first = await _until(server, mount, "state", "mounted")
        async with _running(data) as server:
            assert (await _until(server, mount, "state", "mounted"))["pid"] == first["pid"]
            await _until(server, status, "state", "running")
            assert_no_secret(data)
        worker = await Worker.find(data / "run" / "storage", source_id)
        assert worker is not None
        await worker.kill()
        async with _running(data) as server:
            await _until(server, mount, "state", "mounted")
            await _until(server, status, "state", "running", within=60)
            await _until(server, mount, "readers", 1, within=40)
            async with httpx.AsyncClient(base_url=server.address, timeout=10) as client:
                shown = (await client.get(f"/api/v1/storage-sources/{source_id}")).text
                assert SECRET not in shown
                assert "studio:operator" in shown
                await client.post(f"/api/v1/stream-jobs/{job}/stop")
            await _until(server, status, "state", "stopped")
        assert_no_secret(data)
    assert len(nginx.publishers("key")) == 1


@asynccontextmanager
async def _running(data: Path) -> AsyncIterator[ServerProcess]:
    server = await asyncio.to_thread(lambda: wait_ready(start(data, module="engine.server")))
    try:
        yield server
    finally:
        server.stop(signal.SIGKILL)
        assert server.process.stdout is not None
        server.process.stdout.close()


async def _until(server: ServerProcess, path: str, field: str, value: object, within: float = 30.0) -> dict[str, Any]:
    deadline = time.monotonic() + within
    async with httpx.AsyncClient(base_url=server.address, timeout=10) as client:
        while (found := (await client.get(f"/api/v1/{path}")).json()).get(field) != value:
            assert time.monotonic() < deadline, found
            await asyncio.sleep(0.05)
        return dict(found)
