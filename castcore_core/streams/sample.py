"""Listen to an RTMP source for a moment to learn what it sends, without an ffmpeg that would show its key."""

from __future__ import annotations

import asyncio

from castcore_core.media.info import MediaInfo
from castcore_core.media.pool import Pool
from castcore_core.media.probe import probe_bytes
from castcore_core.rtmp.address import Endpoint
from castcore_core.rtmp.error import RtmpError
from castcore_core.rtmp.player import Player, play
from castcore_core.rtmp.tag import TagKind
from castcore_core.runner.flv import HEADER, pack
from castcore_sdk import TemporaryError

_ENOUGH_MS = 1000
"""Milliseconds of stream behind the first keyframe, from which ffmpeg knows size, rate and channels."""
_KEYFRAME_MS = 5000
"""Milliseconds to wait for a keyframe before the stream counts as sound alone."""
_MOST_BYTES = 16 << 20


async def sample_rtmp(
    url: str, *, timeout: float = 10.0, ca_file: str | None = None, pool: Pool | None = None
) -> MediaInfo:
    """Play ``url`` until a second behind its first keyframe and describe it.

    Raises TemporaryError with the code ``rtmp.…`` of what failed, or ``media.…``.
    """
    try:
        async with asyncio.timeout(timeout):
            player = await play(Endpoint.parse(url, ca_file=ca_file))
            try:
                data = await _collect(player)
            finally:
                await player.close(1.0)
    except RtmpError as error:
        raise TemporaryError(error.code, params=error.params, detail=error.detail) from None
    except TimeoutError:
        raise TemporaryError("streams.source_silent", params={"seconds": round(timeout)}) from None
    return await probe_bytes(data, pool=pool)


async def _collect(player: Player) -> bytes:
    """Return the stream as FLV, from its headers to where it has shown what it holds."""
    parts, size = [HEADER], 0
    first: int | None = None
    keyframe: int | None = None
    async for tag in player:
        parts += pack(tag)
        size += len(tag.payload)
        if tag.kind is TagKind.DATA or tag.is_sequence_header:
            continue
        first = tag.timestamp if first is None else first
        if keyframe is None and tag.is_keyframe:
            keyframe = tag.timestamp
        seen = tag.timestamp - (first if keyframe is None else keyframe)
        if seen >= (_KEYFRAME_MS if keyframe is None else _ENOUGH_MS) or size > _MOST_BYTES:
            break
    return b"".join(parts)
