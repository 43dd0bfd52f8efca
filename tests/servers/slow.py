"""A line of a few Mbit/s in front of a server on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Self


class SlowLine:
    """``async with SlowLine(port, 125_000) as line``: connect to ``line.port``; answers come at that many bytes/s."""

    def __init__(self, port: int, rate: int) -> None:
        self._behind = port
        self._rate = rate
        self._free = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            back, forth = await asyncio.open_connection("127.0.0.1", self._behind, limit=4096)
            try:
                await asyncio.gather(_copy(reader, forth), self._drip(back, writer))
            finally:
                forth.transport.abort()
        writer.transport.abort()

    async def _drip(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Copy at the rate of the line, which all connections share."""
        loop = asyncio.get_running_loop()
        while data := await reader.read(4096):
            self._free = max(self._free, loop.time()) + len(data) / self._rate
            await asyncio.sleep(self._free - loop.time())
            writer.write(data)
            await writer.drain()
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
