"""Fixtures of the delivery tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from delivery.scene import Stage
from runner.scene import Sink
from servers.media import clips
from servers.nginx import nginx

__all__ = ["clips", "nginx", "sink", "stage"]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Everything that ``castcore run`` uses, in a folder of its own."""
    stage = Stage(tmp_path / "stage")
    yield stage
    await stage.close()


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """Our own RTMP server, which remembers every tag."""
    async with Sink() as server:
        yield server
