"""Clips, a server, and a source on a folder with some of the clips."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from castcore_core.accounts.role import Role
from media.scene import Shop
from servers.media import Clips, clips
from servers.staff import staffed

__all__ = ["clips"]


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder; storage workers that are left in it are ended."""
    yield tmp_path / "data"
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if "castcore_core.storage.worker" in line and str(tmp_path) in " ".join(line):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
                process.wait(5)


@pytest.fixture
async def shop(data: Path, tmp_path: Path, clips: Clips) -> AsyncIterator[Shop]:
    """A whole server, and a local source with a film, a song and a picture."""
    folder = tmp_path / "films"
    (folder / "clips").mkdir(parents=True)
    for name, path in (("av", "clips/film.mp4"), ("mp3", "song.mp3"), ("still", "picture.png")):
        shutil.copy(clips[name], folder / path)
    async with staffed(data) as staff:
        admin = await staff.signed_in(Role.ADMIN)
        body: dict[str, Any] = {"name": "Films", "type": "local", "config": {"root": str(folder)}}
        reply = await admin("POST", "/storage-sources", body)
        assert reply.status == 201, reply.body
        yield Shop(staff, admin, folder, reply.body["id"])
