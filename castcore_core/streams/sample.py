"""Listen to an RTMP source for a moment to learn what it sends, without an ffmpeg that would show its key."""

from __future__ import annotations

import asyncio

from castcore_core.media.info import MediaInfo
from castcore_core.media.probe import probe_bytes
from castcore_core.rtmp.address import Endpoint
from castcore_core.rtmp.error import RtmpError
from castcore_core.rtmp.player import Player, play
from castcore_core.rtmp.tag import Tag, TagKind
from castcore_core.runner.flv import HEADER, pack
from castcore_sdk import TemporaryError

_ENOUGH_MS = 1500
"""Milliseconds of stream from which ffmpeg knows size, rate and channels."""
_MOST_BYTES = 16 << 20


async def sample_rtmp(url: str, *, timeout: float = 10.0, ca_file: str | None = None) -> MediaInfo:
    """Play ``url`` for about 1.5 seconds of stream and describe it.

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
    return await probe_bytes(data)


async def _collect(player: Player) -> bytes:
    parts, size, first = [HEADER], 0, None
    async for tag in player:
        parts += pack(tag)
        size += len(tag.payload)
        if first is None and _is_media(tag):
            first = tag.timestamp
        if size > _MOST_BYTES or (first is not None and tag.timestamp - first >= _ENOUGH_MS):
            break
    return b"".join(parts)


def _is_media(tag: Tag) -> bool:
    return tag.kind is not TagKind.DATA and not tag.is_sequence_header
