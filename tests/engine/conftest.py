"""Fixtures of the engine's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from engine.scene import House, Watch, end_runners, house
from runner.scene import Sink
from servers.media import clips
from servers.nginx import nginx

__all__ = ["clips", "data", "home", "nginx", "sink", "watch"]


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """Our own RTMP server, which takes every publisher and remembers every tag."""
    async with Sink() as server:
        yield server


@pytest.fixture
async def watch() -> AsyncIterator[Watch]:
    """A sink that notes second publishers."""
    async with Watch() as server:
        yield server


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder; runners that are left in it are ended."""
    yield tmp_path / "data"
    end_runners(tmp_path)


@pytest.fixture
async def home(data: Path) -> AsyncIterator[House]:
    """A core on a fresh data folder."""
    async with house(data) as opened:
        yield opened
