"""Fixtures of the command line's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from runner.scene import Sink
from servers.media import clips
from servers.nginx import nginx

__all__ = ["clips", "nginx", "sink"]


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """Our own RTMP server, which remembers every tag."""
    async with Sink() as server:
        yield server
