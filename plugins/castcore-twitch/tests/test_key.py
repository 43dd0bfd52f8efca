"""A stream key alone, the servers, and what the configuration refuses."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx2 as httpx
import pytest
from scene import request
from twitch_double import Twitch

from castcore_sdk import (
    BroadcastMetadata,
    ConfigurationError,
    PublishTarget,
    Severity,
    SupportsMetadata,
    SupportsStatus,
    parse_config,
)
from castcore_sdk.testing import MemoryContext
from castcore_twitch.configuration import TwitchConfig
from castcore_twitch.destination import TwitchDestination
from castcore_twitch.ingest import GLOBAL

KEY = "live_1_canary5a7c9b2d4e6f"


def opened(context: MemoryContext, **config: Any) -> PublishTarget:
    async def run() -> PublishTarget:
        async with context:
            destination = TwitchDestination(parse_config(TwitchConfig, {"stream_key": KEY, **config}), context)
            return await destination.open_broadcast(request())

    return asyncio.run(run())


def online() -> MemoryContext:
    return MemoryContext(transport=httpx.AsyncHTTPTransport(verify=False))


def test_without_a_list_the_global_server_is_named() -> None:
    target = opened(MemoryContext())
    assert (target.url, target.backup_url) == ("rtmps://ingest.global-contribute.live-video.net:443/app", None)
    assert target.stream_key is not None
    assert target.stream_key.get_secret_value() == KEY
    assert opened(MemoryContext(), ingest="automatic", protocol="rtmp").url == GLOBAL["rtmp"]


@pytest.mark.parametrize(
    ("url", "config"),
    [
        (f"twitch:{KEY}", {"stream_key": KEY}),
        (f"twitch://{KEY}", {"stream_key": KEY}),
        (f"twitch:{KEY}?bandwidthtest=true", {"stream_key": KEY, "bandwidth_test": True}),
        ("twitch:", {}),
    ],
)
def test_the_short_form(url: str, config: dict[str, Any]) -> None:
    assert TwitchDestination.config_from_url(url) == config


@pytest.mark.parametrize(
    "key", [" ", f"{KEY} ", f"{KEY}\n", f"rtmp://live.twitch.tv/app/{KEY}", "a" * 200, f"{KEY}?x=1"]
)
def test_what_is_no_key(key: str) -> None:
    for call in (
        lambda: parse_config(TwitchConfig, {"stream_key": key}),
        lambda: TwitchDestination.config_from_url(f"twitch:{key}"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            call()
        assert (caught.value.code, caught.value.field) == ("twitch.key_character", "stream_key")


def test_the_nearest_of_those_that_answer(platform: Twitch, near: str) -> None:
    platform.ingests.clear()
    platform.add_ingest("closed", "rtmp://127.0.0.1:1/app")
    platform.add_ingest("down", near.replace("/app", "/app"), availability=0)
    platform.add_ingest("elsewhere", "rtmp://thief.example/app")
    platform.add_ingest("odd", "rtmp://127.0.0.1:99999999/app")
    platform.add_ingest("odd too", "rtmp://127.0.0.1:99999/app")
    platform.add_ingest("no name", "rtmp://a..127.0.0.1/app")
    platform.add_ingest("odder", "rtmp://127.0.0.1@thief.example/app")
    assert opened(online(), protocol="rtmp").url == GLOBAL["rtmp"]
    platform.add_ingest("Zurich", near)
    assert opened(online(), protocol="rtmp").url == near


def test_it_is_measured_once_a_day(platform: Twitch, near: str, monkeypatch: pytest.MonkeyPatch) -> None:
    context = online()

    async def run() -> list[str]:
        async with context:
            found = []
            for _ in range(3):
                config = parse_config(TwitchConfig, {"stream_key": KEY, "protocol": "rtmp"})
                found.append((await TwitchDestination(config, context).open_broadcast(request())).url)
            return found

    assert asyncio.run(run()) == [near] * 3
    assert platform.calls == ["GET /ingests"]


def test_a_server_that_says_nothing_does_not_keep_us(platform: Twitch, near: str) -> None:
    """Its queue is full, so the connection is never taken."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        address = silent.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        platform.ingests.insert(
            0, {**platform.ingests[0], "url_template": f"rtmp://127.0.0.1:{address[1]}/app/{{stream_key}}"}
        )
        assert opened(online(), protocol="rtmp").url == near
        for filler in fillers:
            filler.close()


def test_a_key_can_less_than_a_channel() -> None:
    async def run() -> None:
        async with MemoryContext() as context:
            channel = TwitchDestination(parse_config(TwitchConfig, {}), context)
            key = TwitchDestination(parse_config(TwitchConfig, {"stream_key": KEY}), context)
            for capability in (SupportsMetadata, SupportsStatus):
                assert channel.offers(capability)
                assert not key.offers(capability)
            for call in (key.status("x"), key.update_metadata("x", BroadcastMetadata(title="x"))):
                with pytest.raises(ConfigurationError) as caught:
                    await call
                assert caught.value.code == "twitch.key_only"

    asyncio.run(run())


def test_the_servers_are_tried(platform: Twitch, near: str) -> None:
    async def run() -> None:
        async with online() as context:
            config = parse_config(TwitchConfig, {"stream_key": KEY, "protocol": "rtmp", "backup": True})
            first, second = await TwitchDestination(config, context).check()
            assert (first.code, first.severity) == ("twitch.ingest_reachable", Severity.OK)
            assert (second.code, second.severity) == ("twitch.ingest_unreachable", Severity.ERROR)

    asyncio.run(run())
