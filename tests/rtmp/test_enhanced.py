"""Enhanced RTMP (HEVC, AV1, Opus) passes through both ways; ffmpeg 9 is the peer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from castcore_core.rtmp import Endpoint, IncomingStream, NetworkError, Request, Tag, TagKind, publish, serve
from servers.flv import read_flv
from servers.nginx import free_port

HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none")
AV1 = ("-c:v", "libsvtav1", "-preset", "12", "-svtav1-params", "lp=1")


async def made(ffmpeg: str, *arguments: str, stdin: bytes | None = None) -> bytes:
    process = await asyncio.create_subprocess_exec(
        ffmpeg,
        "-v",
        "error",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, log = await process.communicate(stdin)
    assert process.returncode == 0, log
    return out


def source(codec: tuple[str, ...]) -> list[str]:
    picture = ["-f", "lavfi", "-i", "testsrc=s=320x180:r=10", "-f", "lavfi", "-i", "sine=r=48000", "-t", "1"]
    return [*picture, *codec, "-pix_fmt", "yuv420p", "-c:a", "libopus", "-f", "flv"]


@pytest.mark.parametrize(("codec", "four_cc"), [(HEVC, b"hvc1"), (AV1, b"av01")])
async def test_ffmpeg_publishes_enhanced_streams_to_us(new_ffmpeg: str, codec: tuple[str, ...], four_cc: bytes) -> None:
    tags: list[Tag] = []
    over = asyncio.Event()

    async def everybody(_request: Request) -> None:
        return None

    async def keep(stream: IncomingStream) -> None:
        tags.extend([tag async for tag in stream])
        over.set()

    server = await serve("127.0.0.1", 0, authorize=everybody, publish=keep)
    await made(new_ffmpeg, *source(codec), f"rtmp://127.0.0.1:{server.port}/live/key")
    await asyncio.wait_for(over.wait(), 5)
    await server.close()
    video = [tag for tag in tags if tag.kind is TagKind.VIDEO]
    audio = [tag for tag in tags if tag.kind is TagKind.AUDIO]
    assert all(tag.is_enhanced for tag in video + audio)
    assert {tag.payload[1:5] for tag in video} == {four_cc}
    assert {tag.payload[1:5] for tag in audio} == {b"Opus"}
    assert video[0].is_sequence_header
    assert any(tag.is_keyframe for tag in video)


def frames(tags: list[Tag], kind: TagKind) -> list[bytes]:
    """Return the coded frames (packet types 1 and 3), without headers and colour information."""
    return [tag.payload for tag in tags if tag.kind is kind and tag.payload[0] & 0x0F in (1, 3)]


@pytest.mark.parametrize("codec", [HEVC, AV1])
async def test_ffmpeg_receives_enhanced_streams_from_us(
    new_ffmpeg: str, codec: tuple[str, ...], tmp_path: Path
) -> None:
    tags = read_flv(await made(new_ffmpeg, *source(codec), "-flvflags", "no_duration_filesize", "pipe:1"))
    port, target = free_port(), tmp_path / "got.flv"
    address = f"rtmp://127.0.0.1:{port}/live/key"
    listening = asyncio.create_task(
        made(new_ffmpeg, "-listen", "1", "-i", address, "-c", "copy", "-copyts", "-f", "flv", str(target))
    )
    async with asyncio.timeout(10):
        while True:
            try:
                publisher = await publish(Endpoint.parse(address))
                break
            except NetworkError:  # it does not listen yet
                await asyncio.sleep(0.02)
    for tag in tags:
        publisher.send(tag)
    await publisher.close()
    await listening
    got = read_flv(target.read_bytes())
    for kind in (TagKind.VIDEO, TagKind.AUDIO):
        assert frames(got, kind) == frames(tags, kind) != []
