"""Fixtures of the storage's tests."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

from castcore_core.accounts.role import Role
from engine.scene import House, end_runners, house
from servers.awkward import Awkward, awkward
from servers.media import clips
from servers.nginx import nginx
from storage.scene import Place

__all__ = ["clips", "nginx"]


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Awkward]:
    """A storage plugin that misbehaves on command."""
    with awkward(tmp_path / "awkward") as installed:
        yield installed


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder; runners and workers that are left in it are ended."""
    yield tmp_path / "data"
    end_runners(tmp_path)
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if "castcore_core.storage.worker" in line and str(tmp_path) in " ".join(line):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
                process.wait(5)


@pytest.fixture
async def home(storage: Awkward, data: Path) -> AsyncIterator[House]:
    """A core on a fresh data folder, with the awkward plugin loaded."""
    async with house(data) as opened:
        yield opened


@pytest.fixture
async def place(storage: Awkward, home: House) -> Place:
    """A kept source of the awkward kind."""
    return await Place.make(home.core, storage, Role.ADMIN)
