"""A stream key alone: nothing is asked, and nothing is shown."""

from __future__ import annotations

import asyncio
import ssl
from datetime import timedelta
from typing import Any

import pytest
from scene import refused, request

from castcore_sdk import (
    BroadcastMetadata,
    ConfigurationError,
    Severity,
    SupportsMetadata,
    SupportsStatus,
    SupportsThumbnail,
    parse_config,
)
from castcore_sdk.testing import MemoryContext
from castcore_youtube.configuration import YoutubeConfig
from castcore_youtube.destination import YoutubeDestination

KEY = "canary-1f3e-5a7c-9b2d-4e6f"


def destination(**config: Any) -> YoutubeDestination:
    return YoutubeDestination(parse_config(YoutubeConfig, {"stream_key": KEY, **config}), MemoryContext())


def test_the_target_follows_from_the_key() -> None:
    target = asyncio.run(destination().open_broadcast(request()))
    assert (target.url, target.backup_url) == ("rtmps://a.rtmps.youtube.com:443/live2", None)
    assert target.stream_key is not None
    assert target.stream_key.get_secret_value() == KEY
    assert KEY not in repr(target)
    target = asyncio.run(destination(backup=True, protocol="rtmp").open_broadcast(request()))
    assert (target.url, target.backup_url) == (
        "rtmp://a.rtmp.youtube.com/live2",
        "rtmp://b.rtmp.youtube.com/live2?backup=1",
    )


@pytest.mark.parametrize("url", [f"youtube:{KEY}", f"youtube://{KEY}", f"YouTube:{KEY}"])
def test_the_short_form(url: str) -> None:
    assert YoutubeDestination.config_from_url("youtube:") == {}
    assert YoutubeDestination.config_from_url(url) == {"stream_key": KEY}


@pytest.mark.parametrize(
    "key", ["", " ", f"{KEY} ", f"{KEY}\n", f"rtmps://a.rtmps.youtube.com/live2/{KEY}", "ключ", "a" * 200]
)
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_config(YoutubeConfig, {"stream_key": key})
    assert (caught.value.code, caught.value.field) == ("youtube.key_character", "stream_key")
    if key:
        with pytest.raises(ConfigurationError):
            YoutubeDestination.config_from_url(f"youtube:{key}")


def test_a_key_can_less_than_a_channel() -> None:
    with_key = destination()
    channel = YoutubeDestination(parse_config(YoutubeConfig, {}), MemoryContext())
    for capability in (SupportsMetadata, SupportsStatus, SupportsThumbnail):
        assert channel.offers(capability)
        assert not with_key.offers(capability)

    async def run() -> None:
        for call in (
            with_key.status("x"),
            with_key.update_metadata("x", BroadcastMetadata(title="x")),
            with_key.set_thumbnail("x", b"", "image/png"),
        ):
            with refused(ConfigurationError, "key_only"):
                await call

    asyncio.run(run())


def test_the_servers_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        addresses = (f"rtmp://127.0.0.1:{port}/live2", "rtmp://127.0.0.1:1/live2?backup=1")
        monkeypatch.setattr(YoutubeDestination, "servers", {"rtmp": addresses})
        first, second = await destination(protocol="rtmp", backup=True).check()
        assert (first.code, first.severity) == ("youtube.ingest_reachable", Severity.OK)
        assert (second.code, second.severity) == ("youtube.ingest_unreachable", Severity.ERROR)
        # What speaks no TLS is not YouTube.
        monkeypatch.setattr(YoutubeDestination, "servers", {"rtmps": (f"rtmps://127.0.0.1:{port}/live2", "")})
        (only,) = await destination().check()
        assert only.code == "youtube.ingest_unreachable"
        listening.close()
        await listening.wait_closed()

    assert ssl.HAS_SNI
    asyncio.run(run())


@pytest.mark.parametrize(
    ("width", "height", "fps", "codec", "megabits"),
    [
        (1920, 1080, 60.0, "h264", 12),
        (1920, 1080, 30.0, "h264", 10),
        (1920, 1080, 60.0, "av1", 10),
        (1920, 1080, 25.0, "hevc", 8),
        (2560, 1440, 60.0, "h264", 24),
        (3840, 2160, 59.94, "h264", 35),
        (3840, 2160, 60.0, "av1", 40),
        (1280, 720, 29.97, "h264", 4),
        (426, 240, 30.0, "h264", 4),
        (1080, 1920, 30.0, "h264", 10),
        (1920, 800, 30.0, "h264", 10),
        (7680, 4320, 60.0, "av1", 40),
    ],
)
def test_limits_by_picture(width: int, height: int, fps: float, codec: str, megabits: int) -> None:
    limits = destination().limits_for(width, height, fps, codec)
    assert limits.max_video_bitrate == megabits * 1_000_000
    assert limits.keyframe_interval == timedelta(seconds=4)
    assert limits.max_duration == timedelta(hours=12)
    assert (limits.max_width, limits.max_height) == ((2160, 3840) if height > width else (3840, 2160))
