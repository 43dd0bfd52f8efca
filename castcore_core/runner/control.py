"""Listen for whoever steers the runner."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
from collections import deque
from collections.abc import Callable
from typing import Any

from castcore_core.runner.error import RunnerError, problem_of
from castcore_core.runner.folder import RunFolder
from castcore_core.runner.protocol import LineBuffer, decode, encode

_MOST_CONNECTIONS = 8
_HIGH_WATER = 64 * 1024
_MOST_WAITING = 512
"""Log lines and progress that wait for a slow reader; the oldest go first."""
_MOST_STATES = 8192
"""Lines that must not be lost: a reader so far behind is cut off and reads the journal when it comes again."""

Handler = Callable[["Connection", dict[str, Any]], dict[str, Any]]
"""Obeys one command at once and returns what the reply says; raises RunnerError."""


class Control:
    """The socket of a runner and its connections."""

    def __init__(self, folder: RunFolder, name: str, handle: Handler, on_close: Callable[[Connection], None]) -> None:
        self._folder = folder
        self._name = name
        self._handle = handle
        self._on_close = on_close
        self._server: asyncio.Server | None = None
        self.connections: list[Connection] = []

    async def listen(self) -> None:
        """Bind the socket, over what a killed predecessor left there."""
        (self._folder.path / self._name).unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(self._folder.address(self._name))
            loop = asyncio.get_running_loop()
            self._server = await loop.create_unix_server(self._accept, sock=listener)
        except OSError as error:
            listener.close()
            raise RunnerError(
                "runner.socket_failed", {"folder": str(self._folder.path)}, error.strerror or ""
            ) from None

    def broadcast(self, line: bytes, *, must_arrive: bool) -> None:
        """Send a line to everyone who has said hello."""
        for connection in self.connections:
            if connection.greeted:
                connection.send(line, must_arrive=must_arrive)

    async def close(self, seconds: float) -> None:
        """Give the connections ``seconds`` to take what waits, then close them and remove the socket."""
        if self._server is None:
            return
        self._server.close()
        (self._folder.path / self._name).unlink(missing_ok=True)
        waiting = [asyncio.ensure_future(one.finish()) for one in self.connections]
        if waiting:
            await asyncio.wait(waiting, timeout=seconds)
        for one in list(self.connections):
            one.abort()
        for task in waiting:
            task.cancel()
        self._server = None

    def _accept(self) -> Connection:
        return Connection(self._handle, self._opened, self._closed)

    def _opened(self, connection: Connection) -> bool:
        if len(self.connections) >= _MOST_CONNECTIONS or not connection.is_ours():
            return False
        self.connections.append(connection)
        return True

    def _closed(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
            self._on_close(connection)


class Connection(asyncio.Protocol):
    """One reader of events and giver of commands."""

    def __init__(
        self, handle: Handler, on_open: Callable[[Connection], bool], on_close: Callable[[Connection], None]
    ) -> None:
        self.greeted = False
        self._handle = handle
        self._on_open = on_open
        self._on_close = on_close
        self._buffer = LineBuffer()
        self._transport: asyncio.Transport | None = None
        self._paused = False
        self._waiting: deque[tuple[bytes, bool]] = deque()
        self._gone = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()

    def is_ours(self) -> bool:
        """Say whether the other side runs under our user."""
        assert self._transport is not None
        return peer_uid(self._transport.get_extra_info("socket")) in (os.getuid(), None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; a stranger or one too many is closed."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=_HIGH_WATER)
        if not self._on_open(self):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take commands; what is no command ends the connection."""
        try:
            for line in self._buffer.feed(data):
                self._obey(decode(line))
        except RunnerError as error:
            self.send(encode({"error": error.problem.to_json()}), must_arrive=True)
            self.close()

    def pause_writing(self) -> None:
        """Keep lines here while the other side does not read."""
        self._paused = True
        self._drained.clear()

    def resume_writing(self) -> None:
        """Send what was kept."""
        self._paused = False
        while self._waiting and not self._paused:
            self._write(self._waiting.popleft()[0])
        if not self._paused:
            self._drained.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the other side."""
        self._gone.set()
        self._drained.set()
        self._on_close(self)

    def send(self, line: bytes, *, must_arrive: bool) -> None:
        """Send a line, or keep it; of lines that may be lost the oldest go first."""
        if not self._paused:
            self._write(line)
            return
        self._waiting.append((line, must_arrive))
        if len(self._waiting) > _MOST_WAITING:
            self._thin_out()

    async def finish(self) -> None:
        """Send what waits, then close."""
        await self._drained.wait()
        self.close()
        await self._gone.wait()

    def close(self) -> None:
        """Close after what was written. May be called twice."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once. May be called twice."""
        if self._transport is not None:
            self._transport.abort()

    def _write(self, line: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(line)

    def _thin_out(self) -> None:
        for index, (_, must_arrive) in enumerate(self._waiting):
            if not must_arrive:
                del self._waiting[index]
                return
        if len(self._waiting) > _MOST_STATES:
            self.abort()

    def _obey(self, command: dict[str, Any]) -> None:
        try:
            answer = {"ok": True, **self._handle(self, command)}
        except RunnerError as error:
            answer = {"error": error.problem.to_json()}
        except (KeyError, TypeError, ValueError) as error:
            answer = {"error": {**problem_of(error).to_json(), "code": "runner.protocol_error"}}
        number = command.get("id")
        if number is not None:
            self.send(encode({"reply": number, **answer}), must_arrive=True)


def peer_uid(connection: socket.socket) -> int | None:
    """Return the user on the other side, None where the system does not tell."""
    if sys.platform != "linux":
        return None
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[1])
