"""Jobs that play from a storage which fails in every way: the destination keeps its one session."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2 as httpx
import psutil
import pytest

from castcore_core.accounts.role import Role
from castcore_core.engine.logbook import Logbook
from castcore_core.error import ConflictError
from castcore_core.storage.client import Worker
from castcore_core.storage.source import StorageSources
from castcore_core.streams.planning import JobPlanner
from castcore_core.streams.preview import PreviewRequest, preview_of, preview_subject
from castcore_sdk import NotFoundError
from engine.scene import House, house
from servers.awkward import CANARY, Awkward
from servers.castcore import ServerProcess, start, wait_ready
from servers.media import BUNDLED, Clips
from servers.nginx import NginxRtmp
from storage.scene import Place

_NOISE = "testsrc2=s=160x90:r=25:d={seconds},noise=alls=100:allf=t"
_CODING = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-b:v", "8M", "-minrate", "8M", "-bufsize", "8M"]


_HARDLY_FAST_ENOUGH = "1500000"
"""Bytes per second: little of the film waits in the buffers of sockets, so that what breaks off is soon noticed."""


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds that no socket buffer holds: what breaks off is noticed."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    source = ["-f", "lavfi", "-i", _NOISE.format(seconds=12), "-f", "lavfi", "-i", "sine=d=12"]
    command = [BUNDLED, "-nostdin", "-loglevel", "error", *source, *_CODING, "-c:a", "aac", "-t", "12", str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


async def playing(house: House, place: Place, nginx: NginxRtmp, film: Path, **values: object) -> UUID:
    """Start a job that plays the film from the storage to nginx; it is encoded, so that there is a slate."""
    (place.faults.root / "film ü.mp4").write_bytes(film.read_bytes())
    place.faults.fault("slow", _HARDLY_FAST_ENOUGH)
    source = {"kind": "storage", "source_id": place.id, "path": "film ü.mp4", **values}
    job = await house.job("from storage", nginx.url(), "key", source=source)
    await house.commands.start(job)
    await house.reach(job, "running", within=25)
    return job


async def test_a_film_in_a_storage_is_played_to_its_end(
    home: House, place: Place, nginx: NginxRtmp, film: Path
) -> None:
    job = await playing(home, place, nginx, film, start_at=9.0)
    encoder = await _encoder(place)
    assert str(place.faults.root) not in " ".join(encoder.cmdline())
    assert CANARY not in " ".join(encoder.cmdline())
    await home.reach(job, "stopped", within=20)
    assert home.status(job).code == "engine.ended"
    assert len(nginx.publishers("key")) == 1


async def _encoder(place: Place) -> psutil.Process:
    """Return the one process that reads the film from this place."""
    url = await place.url("film ü.mp4")
    (found,) = [each for each in psutil.process_iter(["cmdline"]) if url in " ".join(each.info["cmdline"] or [])]
    return found


async def test_what_breaks_off_is_bridged_by_the_slate_and_gone_on_with(
    home: House, place: Place, nginx: NginxRtmp, film: Path
) -> None:
    job = await playing(home, place, nginx, film)
    place.faults.fault("down")
    await home.reach(job, "fallback", within=20)
    place.faults.mend("down")
    await home.reach(job, "running", within=25)
    await home.reach(job, "stopped", within=30)
    assert home.status(job).code == "engine.ended"
    assert len(nginx.publishers("key")) == 1


async def test_a_film_that_is_deleted_while_it_is_repeated_is_awaited_in_peace(
    home: House, place: Place, nginx: NginxRtmp, clips: Clips
) -> None:
    job = await playing(home, place, nginx, clips["av"], loop=True)
    film = place.faults.root / "film ü.mp4"
    away = film.rename(film.with_name("away.mp4"))
    await home.reach(job, "fallback", within=25)
    encoder = await _encoder(place)
    before = encoder.cpu_times()
    await asyncio.sleep(2.0)
    after = encoder.cpu_times()
    assert after.user + after.system - before.user - before.system < 0.3
    await home.until(job, lambda status: status.code == "ffmpeg.file_missing", within=25)
    with home.core.get(Logbook).listen(str(job), lambda *_: None) as lines:
        assert len(lines) < 80
    away.rename(film)
    await home.reach(job, "running", within=25)
    assert len(nginx.publishers("key")) == 1


async def test_a_storage_that_hangs_for_longer_than_anybody_waits_comes_back(
    home: House, place: Place, nginx: NginxRtmp, film: Path
) -> None:
    job = await playing(home, place, nginx, film, loop=True)
    place.faults.fault("hang")
    found = await home.until(job, lambda status: status.encoder and status.encoder.restarts, within=40)
    assert found.state == "fallback"
    assert (await place.mount()).state == "failing"
    place.faults.mend("hang")
    await home.reach(job, "running", within=40)
    assert len(nginx.publishers("key")) == 1


async def test_the_worker_is_killed_again_and_again_while_a_job_reads(
    home: House, place: Place, nginx: NginxRtmp, film: Path
) -> None:
    job = await playing(home, place, nginx, film, loop=True)
    for _ in range(3):
        process = await place.process()
        process.kill()
        # On a busy machine the fresh worker may need more than the plugin's 3 s, and then ffmpeg asks again later.
        await place.until(lambda mount, pid=process.pid: mount.pid not in (pid, None) and mount.readers, within=40)
    await home.reach(job, "running", within=20)
    assert home.status(job).outputs[0].reconnects == 0
    assert len(nginx.publishers("key")) == 1


async def test_a_storage_that_a_job_plays_from_is_unmounted_by_force_only(
    home: House, place: Place, nginx: NginxRtmp, film: Path
) -> None:
    job = await playing(home, place, nginx, film, loop=True)
    with pytest.raises(ConflictError) as caught:
        await place.storage.unmount(place.id)
    assert (caught.value.code, caught.value.params) == ("conflict.in_use", {"by": "from storage", "count": 1})
    assert (await place.mount()).state == "mounted"
    assert (await place.storage.unmount(place.id, force=True)).state == "unmounted"
    await home.reach(job, "fallback", within=25)
    await place.storage.mount(place.id)
    await home.reach(job, "running", within=40)
    await home.commands.stop(job)
    await home.reach(job, "stopped")
    await place.until(lambda mount: not mount.readers)  # the worker tells how many it has every 2 s
    assert (await place.storage.unmount(place.id)).state == "unmounted"


@asynccontextmanager
async def _running(data: Path) -> AsyncIterator[ServerProcess]:
    server = await asyncio.to_thread(lambda: wait_ready(start(data, module="engine.server")))
    try:
        yield server
    finally:
        server.stop(signal.SIGKILL)
        assert server.process.stdout is not None
        server.process.stdout.close()


async def _until(server: ServerProcess, path: str, field: str, value: object, within: float = 25.0) -> dict[str, Any]:
    """Wait until what the API shows at ``path`` has that value, and return it."""
    deadline = time.monotonic() + within
    async with httpx.AsyncClient(base_url=server.address, timeout=10) as client:
        while (found := (await client.get(f"/api/v1/{path}")).json()).get(field) != value:
            assert time.monotonic() < deadline, found
            await asyncio.sleep(0.05)
        return dict(found)


@pytest.mark.timeout(180)
async def test_server_and_worker_are_killed_while_a_job_reads(
    storage: Awkward, data: Path, nginx: NginxRtmp, film: Path
) -> None:
    (storage.root / "film.mp4").write_bytes(film.read_bytes())
    async with house(data, CASTCORE_ROLE="web") as office:
        place = await Place.make(office.core, storage, Role.ADMIN)
        source = {"kind": "storage", "source_id": place.id, "path": "film.mp4", "loop": True}
        job = await office.job("from storage", nginx.url(), "key", source=source, copy=True)
        await office.commands.start(job)
    status, mount = f"stream-jobs/{job}/status", f"mounts/{place.id}/status"
    async with _running(data) as server:
        await _until(server, status, "state", "running")
        first = await _until(server, mount, "state", "mounted")
    # No server lives. The worker and the job go on.
    assert psutil.pid_exists(first["pid"])
    folder = data / "run" / "storage"
    worker = await Worker.find(folder, place.id)
    assert worker is not None
    base = worker.base
    async with _running(data) as server:
        adopted = await _until(server, mount, "state", "mounted")
        assert adopted["pid"] == first["pid"]
        await _until(server, status, "state", "running")
    # The worker dies too. The next server starts it again, at the same address.
    await worker.kill()
    async with _running(data) as server:
        again = await _until(server, mount, "state", "mounted")
        assert again["pid"] != first["pid"]
        found = await Worker.find(folder, place.id)
        assert found is not None
        assert found.base == base
        await _until(server, status, "state", "running", within=40)
        await _until(server, mount, "readers", 1, within=30)
        async with httpx.AsyncClient(base_url=server.address, timeout=10) as client:
            await client.post(f"/api/v1/stream-jobs/{job}/stop")
        await _until(server, status, "state", "stopped")
    assert len(nginx.publishers("key")) == 1
    for log in data.rglob("*.log"):
        assert CANARY not in log.read_text(errors="replace")


async def test_plan_preview_and_journal_hold_neither_token_nor_secret(
    home: House, place: Place, nginx: NginxRtmp, film: Path
) -> None:
    (place.faults.root / "film.mp4").write_bytes(film.read_bytes())
    source = {"kind": "storage", "source_id": place.id, "path": "film.mp4"}
    job = await home.job("from storage", nginx.url(), "key", source=source, copy=True)
    planned = await home.core.get(JobPlanner).plan(job)
    token = (await place.url("")).split("/")[3]
    assert planned.secrets["source.token"] == token
    shown = await preview_subject(home.core, await preview_of(home.core, PreviewRequest(job_id=job), Role.ADMIN))
    for text in (repr(planned), str(planned.plan.to_json()), shown.model_dump_json()):
        assert token not in text
        assert CANARY not in text
    assert "security.secret_in_argv" not in shown.model_dump_json()


async def test_a_local_folder_is_opened_without_the_gateway(
    home: House, data: Path, nginx: NginxRtmp, film: Path
) -> None:

    folder = data / "media" / "films"
    folder.mkdir()
    (folder / "film.mp4").write_bytes(film.read_bytes())
    row = await home.core.get(StorageSources).create("Here", "local", {"root": str(folder)}, Role.ADMIN)
    source = {"kind": "storage", "source_id": str(row.id), "path": "film.mp4", "loop": True}
    job = await home.job("from a folder", nginx.url(), "key", source=source, copy=True)
    await home.commands.start(job)
    await home.reach(job, "running", within=25)
    planned = await home.core.get(JobPlanner).plan(job)
    assert f"file:{folder.resolve()}/film.mp4" in str(planned.plan.to_json())


async def test_a_file_that_is_missing_is_told_at_the_start(home: House, place: Place, nginx: NginxRtmp) -> None:
    source = {"kind": "storage", "source_id": place.id, "path": "nothing.mp4"}
    job = await home.job("from nothing", nginx.url(), "key", source=source, copy=True)
    with pytest.raises(NotFoundError) as caught:
        await home.core.get(JobPlanner).plan(job)
    assert caught.value.code == "storage.not_found"
