"""A job that plays from an export while its server hangs and dies: one session at the destination."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.scene import house
from plugin_storage.scene import FILE, LINE, data, film, keep, mounted, play
from servers.ganesha import Ganesha
from servers.nginx import NginxRtmp, nginx
from servers.slow import SlowLine

__all__ = ["data", "film", "nginx"]


@pytest.fixture
def ganesha(film: Path) -> Iterator[Ganesha]:
    with Ganesha() as server:
        place = server.folder() / FILE
        place.parent.mkdir()
        shutil.copyfile(film, place)
        yield server


@pytest.mark.timeout(240)
async def test_the_server_hangs_and_dies(data: Path, ganesha: Ganesha, nginx: NginxRtmp) -> None:
    """A server that hangs costs its source alone, and both times the film comes back by itself."""
    async with SlowLine(ganesha.port, LINE) as line, house(data) as home:
        source_id = await keep(home, "nfs", ganesha.settings(port=line.port, timeout=2))
        job = await play(home, source_id, nginx)
        await home.reach(job, "running", within=30)

        ganesha.freeze()
        await home.reach(job, "fallback", within=40)
        found = await mounted(home, source_id, lambda mount: mount.state == "failing")
        assert found.error is not None
        assert found.error.code == "nfs.silent"
        ganesha.thaw()
        await home.reach(job, "running", within=60)

        ganesha.stop()
        await home.reach(job, "fallback", within=40)
        ganesha.start()
        await home.reach(job, "running", within=60)
        assert home.status(job).outputs[0].reconnects == 0
    assert len(nginx.publishers("key")) == 1
