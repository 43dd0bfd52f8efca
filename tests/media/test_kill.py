"""The server is killed amid a scan: the next one goes on where it was, and nothing is left of the first."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from castcore_core.accounts.role import Role
from castcore_core.media.models import Scan
from castcore_core.storage.models import StorageSource
from servers.castcore import ServerProcess, server
from servers.media import Clips
from servers.staff import staffed

FILES = 800


class Remote:
    """A server in another process, asked as an admin."""

    def __init__(self, headers: dict[str, str], source: str) -> None:
        self._headers = headers
        self._source = source

    async def __call__(self, running: ServerProcess, path: str) -> Any:
        asked = urllib.request.Request(f"{running.address}/api/v1{path}", headers=self._headers)

        def fetch() -> Any:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return json.load(answer)

        return await asyncio.to_thread(fetch)

    async def scan(self, running: ServerProcess) -> dict[str, Any]:
        """Return the one scan of the source."""
        found = await self(running, f"/storage-sources/{self._source}/scans")
        assert found["total"] == 1
        return dict(found["items"][0])

    async def until(self, running: ServerProcess, condition: Any) -> dict[str, Any]:
        """Wait until the scan does so."""
        async with asyncio.timeout(40):
            while not condition(found := await self.scan(running)):
                await asyncio.sleep(0.02)
        return found


async def test_a_scan_goes_on_after_a_kill(data: Path, tmp_path: Path, clips: Clips) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    for number in range(FILES):
        shutil.copy(clips["mp3"], folder / f"{number}.mp3")
    async with staffed(data, CASTCORE_ROLE="web") as staff:
        admin = await staff.signed_in(Role.ADMIN)
        source = await StorageSource.create(name="Films", type="local", config={"root": str(folder)})
        await Scan.create(source_id=source.id, active=source.id)
    remote = Remote(admin.headers, str(source.id))
    with server(data) as first:
        await remote.until(first, lambda scan: scan["state"] == "probing" and scan["counts"]["read"] > 0)
        workers = [each.pid for each in psutil.Process(first.process.pid).children() if _is_worker(each)]
        first.stop(signal.SIGKILL)
    with server(data) as second:
        scan = await remote.until(second, lambda scan: scan["ended_at"])
        assert (scan["state"], scan["counts"]["found"], scan["counts"]["added"]) == ("done", FILES, 0)
        assert 0 < scan["counts"]["to_read"] < FILES
        assert (await remote(second, "/media?state=ready"))["total"] == FILES
    assert workers
    async with asyncio.timeout(10):
        while any(psutil.pid_exists(pid) for pid in workers):
            await asyncio.sleep(0.05)


def _is_worker(process: psutil.Process) -> bool:
    return "castcore_core.media.worker" in " ".join(process.cmdline())
