"""Our player against nginx, fed by ffmpeg."""

from __future__ import annotations

import asyncio
import subprocess

import pytest

from castcore_core.rtmp import Endpoint, RtmpError, Tag, TagKind, Timeouts, decode_metadata, play
from servers.nginx import NginxRtmp, nginx

__all__ = ["nginx"]


@pytest.fixture
def pushing(nginx: NginxRtmp, system_ffmpeg: str) -> object:
    """An ffmpeg that pushes an endless picture and tone to the server as ``camera``."""
    source = "-v error -re -f lavfi -i testsrc=s=320x180:r=25 -re -f lavfi -i sine"
    encoder = "-c:v libx264 -preset ultrafast -tune zerolatency -g 10 -pix_fmt yuv420p -c:a aac -f flv"
    process = subprocess.Popen(
        [system_ffmpeg, *f"{source} {encoder} {nginx.url('camera')}".split(" ")], stdin=subprocess.DEVNULL
    )
    yield process
    process.kill()
    process.wait()


async def test_what_ffmpeg_pushes_is_played_from_its_headers_on(nginx: NginxRtmp, pushing: object) -> None:
    await nginx.published("camera")
    player = await play(Endpoint.parse(nginx.url("camera")))
    tags: list[Tag] = []
    async with asyncio.timeout(15):
        async for tag in player:
            tags.append(tag)
            if sum(item.is_keyframe for item in tags) == 3:
                break
    await player.close()
    assert player.closed.result() is None
    assert player.bytes_received > sum(len(tag.payload) for tag in tags)
    metadata = [values for tag in tags if (values := decode_metadata(tag)) is not None]
    assert (metadata[0]["width"], metadata[0]["height"]) == (320.0, 180.0)
    for kind in (TagKind.VIDEO, TagKind.AUDIO):
        ours = [tag for tag in tags if tag.kind is kind]
        assert ours[0].is_sequence_header
        times = [tag.timestamp for tag in ours[1:]]
        assert times == sorted(times)


async def test_a_publisher_that_dies_shows_as_silence(nginx: NginxRtmp, pushing: subprocess.Popen[bytes]) -> None:
    await nginx.published("camera")
    player = await play(Endpoint.parse(nginx.url("camera")), timeouts=Timeouts(idle=0.8))
    await asyncio.wait_for(anext(player), 5)
    pushing.kill()
    with pytest.raises(RtmpError) as caught:
        [tag async for tag in player]
    assert caught.value.code == "rtmp.silent"
