"""A job that plays from a share while everything dies: one session at the destination, and no secret in sight."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from castcore_core.storage.client import Worker
from engine.scene import house
from plugin_storage.scene import FILE, LINE, assert_no_secret, data, film, keep, mounted, play, running, told
from servers.nginx import NginxRtmp, nginx
from servers.samba import PASSWORD, Samba
from servers.slow import SlowLine

__all__ = ["data", "film", "nginx"]


@pytest.fixture
def samba(film: Path) -> Iterator[Samba]:
    with Samba() as server:
        place = server.folder() / FILE
        place.parent.mkdir()
        shutil.copyfile(film, place)
        yield server


def restart(samba: Samba) -> None:
    samba.stop()
    samba.start()


@pytest.mark.timeout(240)
async def test_the_server_dies_the_password_changes_the_share_goes(data: Path, samba: Samba, nginx: NginxRtmp) -> None:
    """Each shows its slate and the right code, and the film comes back by itself when the cause is gone."""
    async with SlowLine(samba.port, LINE) as line, house(data) as home:
        source_id = await keep(home, "smb", samba.settings(port=line.port))
        job = await play(home, source_id, nginx)
        await home.reach(job, "running", within=30)

        samba.stop()
        await home.reach(job, "fallback", within=40)
        found = await mounted(home, source_id, lambda mount: mount.state == "failing")
        assert found.error is not None
        assert found.error.code in ("smb.unreachable", "smb.connection_lost", "smb.no_smb")
        samba.password("studio", "changed-meanwhile")
        samba.start()
        await mounted(
            home, source_id, lambda mount: mount.error is not None and mount.error.code == "smb.password_refused"
        )
        samba.password("studio", PASSWORD)
        await home.reach(job, "running", within=60)

        samba.remove_share("media")
        await home.reach(job, "fallback", within=40)
        await mounted(
            home, source_id, lambda mount: mount.error is not None and mount.error.code == "smb.share_unknown"
        )
        samba.add_share("media")
        await home.reach(job, "running", within=60)
        assert home.status(job).outputs[0].reconnects == 0
        assert_no_secret(data, PASSWORD)
    assert len(nginx.publishers("key")) == 1


@pytest.mark.timeout(240)
async def test_server_and_worker_are_killed(data: Path, samba: Samba, nginx: NginxRtmp) -> None:
    async with SlowLine(samba.port, LINE) as line:
        async with house(data, CASTCORE_ROLE="web") as office:
            source_id = await keep(office, "smb", samba.settings(port=line.port))
            job = await play(office, source_id, nginx, copy=True)
        status, mount = f"stream-jobs/{job}/status", f"mounts/{source_id}/status"
        async with running(data) as server:
            await told(server, status, "state", "running")
            first = await told(server, mount, "state", "mounted")
        async with running(data) as server:
            assert (await told(server, mount, "state", "mounted"))["pid"] == first["pid"]
            await told(server, status, "state", "running")
        worker = await Worker.find(data / "run" / "storage", source_id)
        assert worker is not None
        await worker.kill()
        async with running(data) as server:
            await told(server, mount, "state", "mounted")
            await told(server, status, "state", "running", within=60)
            await told(server, mount, "readers", 1)
            async with httpx.AsyncClient(base_url=server.address, timeout=10) as client:
                shown = (await client.get(f"/api/v1/storage-sources/{source_id}")).text
                assert PASSWORD not in shown
                assert "studio" in shown
                await client.post(f"/api/v1/stream-jobs/{job}/stop")
            await told(server, status, "state", "stopped")
        assert_no_secret(data, PASSWORD)
    assert len(nginx.publishers("key")) == 1
