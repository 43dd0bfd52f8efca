"""Ways to a server that fail in one chosen manner, and are mended while a client keeps trying."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Self


class Gate:
    """A loopback port in front of a real server: closed, silent or open, as the test says.

    ``port`` stays the same throughout. It begins closed: connections are refused.
    """

    def __init__(self) -> None:
        self._listener = _listener()
        self.port: int = self._listener.getsockname()[1]
        self._server: asyncio.Server | None = None
        self._behind: int | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._server is not None:
            self._server.close()
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def lead_nowhere(self) -> None:
        """Accept connections, read nothing and answer nothing."""
        await self.lead_to(None)

    async def lead_to(self, port: int | None) -> None:
        """Carry connections to ``port`` of this machine; those that are open stay as they are."""
        self._behind = port
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, sock=self._listener)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self._behind is None:
                reader._transport.pause_reading()  # type: ignore[attr-defined]
                await asyncio.Event().wait()
            else:
                await _join(reader, writer, self._behind)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()


class BlackHole(Gate):
    """A gate whose connections are never even accepted: its backlog is full, so SYNs are dropped."""

    def __init__(self) -> None:
        super().__init__()
        self._fillers: list[socket.socket] = []
        self._listener.listen(0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(self._listener.getsockname())
            self._fillers.append(filler)

    async def lead_to(self, port: int | None) -> None:
        """Empty the backlog and carry connections from now on."""
        for filler in self._fillers:
            filler.close()
        await super().lead_to(port)

    async def __aexit__(self, *exc: object) -> None:
        for filler in self._fillers:
            filler.close()
        await super().__aexit__(*exc)


def _listener() -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    return listener


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        ways = [
            asyncio.ensure_future(_pump(reader, behind_writer)),
            asyncio.ensure_future(_pump(behind_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
    finally:
        behind_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
