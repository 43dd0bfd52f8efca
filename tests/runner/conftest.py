"""Fixtures of the runner's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runner.scene import Sink
from servers.media import clips
from servers.nginx import nginx

__all__ = ["clips", "folder", "nginx", "sink"]


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """Our own RTMP server, which remembers every tag."""
    async with Sink() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run folder that does not exist yet."""
    return tmp_path / "run"
