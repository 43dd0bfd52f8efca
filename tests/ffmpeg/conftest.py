"""Clips and both builds for the tests of this folder."""

import pytest

from servers.media import BUNDLED, clips, ffmpeg

__all__ = ["bundled", "clips", "ffmpeg"]


@pytest.fixture
def bundled() -> str:
    """Give the path of the bundled build, for what older ones cannot do."""
    return BUNDLED
