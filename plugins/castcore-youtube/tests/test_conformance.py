"""The SDK's suite, with a channel and with a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2 as httpx
import pytest
from youtube_double import SCOPE, YouTube

from castcore_sdk.testing import DestinationConformance
from castcore_sdk.testing.context import TOKEN
from castcore_youtube.destination import YoutubeDestination

KEY = "canary-1f3e-5a7c-9b2d-4e6f"


class TestChannel(DestinationConformance):
    extension = YoutubeDestination
    config: Mapping[str, Any] = {"category": "Gaming", "tags": ["live"], "language": "de", "playlists": ["PLlive"]}
    urls = ("youtube:abcd-efgh-ijkl-mnop-qrst",)

    @pytest.fixture(autouse=True)
    def _platform(self, platform: YouTube) -> None:
        platform.tokens[TOKEN] = SCOPE

    def transport(self) -> httpx.AsyncBaseTransport:
        return httpx.AsyncHTTPTransport(verify=False)


class TestKey(DestinationConformance):
    extension = YoutubeDestination
    config: Mapping[str, Any] = {"stream_key": KEY, "backup": True}
    urls = ("youtube:abcd-efgh-ijkl-mnop-qrst",)

    @pytest.fixture(autouse=True)
    def _servers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        addresses = ("rtmps://127.0.0.1:9/live2", "rtmps://127.0.0.1:9/live2?backup=1")
        monkeypatch.setattr(YoutubeDestination, "servers", {"rtmps": addresses})
