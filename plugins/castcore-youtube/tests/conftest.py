"""The double, a host, and a destination that reaches it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from youtube_double import YouTube, youtube

from castcore_youtube.destination import YoutubeDestination


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[YouTube]:
    """Give a YouTube on loopback that the plugin reaches."""
    with youtube() as double:
        monkeypatch.setattr(YoutubeDestination, "api_url", double.url)
        monkeypatch.setattr(YoutubeDestination, "status_interval", timedelta(0))
        yield double
