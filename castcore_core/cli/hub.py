"""The demo's RTMP server: what is published under a key can be played under the same key."""

from __future__ import annotations

import asyncio

from castcore_core.rtmp import IncomingStream, OutgoingStream, Refusal, Request, RtmpError, Server, serve
from castcore_core.rtmp.tag import Tag
from castcore_core.runner.bus import Bus

_MOST_UNSENT = 8 << 20
"""Bytes that may wait for one player before it is let go."""


class Hub:
    """Takes publishers and hands each on to any number of players."""

    def __init__(self) -> None:
        self._buses: dict[str, Bus] = {}
        self._server: Server | None = None

    async def listen(self, host: str, port: int) -> int:
        """Begin to accept and return the port. Raises NetworkError ``rtmp.port_unavailable``."""
        self._server = await serve(host, port, authorize=self._authorize, publish=self._take, play=self._give)
        return self._server.port

    async def close(self) -> None:
        """End every session."""
        if self._server is not None:
            await self._server.close(1.0)

    async def _authorize(self, request: Request) -> Refusal | None:
        if request.intent == "publish" and request.key in self._buses:
            return Refusal("name_in_use", "Already publishing")
        if request.intent == "play" and request.key not in self._buses:
            return Refusal("not_found", "No such stream")
        return None

    async def _take(self, stream: IncomingStream) -> None:
        bus = self._buses.setdefault(stream.request.key, Bus())
        try:
            async for tag in stream:
                bus.publish(tag)
        except RtmpError:
            pass  # the publisher is gone, which ends its stream like a goodbye
        finally:
            del self._buses[stream.request.key]

    async def _give(self, stream: OutgoingStream) -> None:
        bus = self._buses[stream.request.key]
        player = _Player(stream)
        bus.join(player)
        try:
            await asyncio.wait({stream.closed})
        finally:
            bus.leave(player)


class _Player:
    """Hands tags to one player and lets it go when it does not keep up."""

    def __init__(self, stream: OutgoingStream) -> None:
        self._stream = stream

    def put(self, tag: Tag) -> None:
        """Send one tag."""
        if self._stream.unsent > _MOST_UNSENT:
            self._stream.abort()
        else:
            self._stream.send(tag)
