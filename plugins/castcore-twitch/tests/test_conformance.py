"""The SDK's suite, with a channel and with a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2 as httpx
import pytest
from twitch_double import SCOPES, Twitch

from castcore_sdk.testing import DestinationConformance
from castcore_sdk.testing.context import TOKEN
from castcore_twitch.destination import TwitchDestination

URLS = ("twitch:live_1_abcdefgh",)


class TestChannel(DestinationConformance):
    extension = TwitchDestination
    config: Mapping[str, Any] = {"category": "Music", "tags": ["live"], "language": "de", "protocol": "rtmp"}
    urls = URLS

    @pytest.fixture(autouse=True)
    def _platform(self, platform: Twitch) -> None:
        platform.tokens[TOKEN] = SCOPES
        platform.client = "test-client"

    def transport(self) -> httpx.AsyncBaseTransport:
        return httpx.AsyncHTTPTransport(verify=False)


class TestKey(DestinationConformance):
    extension = TwitchDestination
    config: Mapping[str, Any] = {"stream_key": "live_1_canary5a7c9b2d4e6f", "protocol": "rtmp", "backup": True}
    urls = URLS

    @pytest.fixture(autouse=True)
    def _platform(self, platform: Twitch) -> None:
        """Give a nearby server; without a network the suite meets the global one."""

    def transport(self) -> httpx.AsyncBaseTransport:
        return httpx.AsyncHTTPTransport(verify=False)
