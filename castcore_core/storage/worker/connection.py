"""One HTTP connection to the gateway: heads come in, answers go out as fast as the other side takes them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from castcore_core.storage.worker.request import LONGEST_HEAD, BadRequest, Request, read_head

_IDLE_SECONDS = 30.0
"""Time for a whole head, also between two requests."""
_STALL_SECONDS = 120.0
"""Time in which the other side has to take something; a paused player comes back by itself."""
_HIGH_WATER = 1 << 20

Answer = Callable[["Connection", Request], Awaitable[None]]


class Connection(asyncio.Protocol):
    """Reads heads and hands one request at a time to ``answer``."""

    def __init__(self, admit: Callable[[Connection], bool], answer: Answer, gone: Callable[[Connection], None]) -> None:
        self._admit = admit
        self._answer = answer
        self._gone = gone
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._begun = False
        self._last = False

    @property
    def ends(self) -> tuple[tuple[str, int] | None, tuple[str, int] | None]:
        """Return address and port of the other side, and our own; None once the connection is over."""
        assert self._transport is not None
        return self._transport.get_extra_info("peername"), self._transport.get_extra_info("sockname")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; who is not admitted is cut off."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=_HIGH_WATER)
        if self._admit(self):
            self._wait_for_head()
        else:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Collect heads; one that is too long ends the connection."""
        self._buffer += data
        if len(self._buffer) > LONGEST_HEAD and (self._task is not None or b"\r\n\r\n" not in self._buffer):
            self.abort()
        elif self._task is None:
            self._next()

    def eof_received(self) -> bool:
        """Give up: who has closed its side waits for nothing any more."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """End what was under way."""
        if self._idle is not None:
            self._idle.cancel()
        if self._task is not None:
            self._task.cancel()
        self._flowing.set()
        self._gone(self)

    def pause_writing(self) -> None:
        """Wait with the next bytes."""
        self._flowing.clear()

    def resume_writing(self) -> None:
        """Go on with the next bytes."""
        self._flowing.set()

    def abort(self) -> None:
        """Cut the connection at once: an answer that is cut short is not mistaken for a whole one."""
        if self._transport is not None:
            self._transport.abort()

    def begin(self, status: HTTPStatus, fields: Mapping[str, str]) -> None:
        """Write the head of an answer."""
        self._begun = True
        lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        lines += [f"Connection: {'close' if self._last else 'keep-alive'}", "", ""]
        self._write("\r\n".join(lines).encode())

    async def send(self, data: bytes) -> None:
        """Write a part of the body and wait until there is room for the next."""
        self._write(data)
        try:
            async with asyncio.timeout(_STALL_SECONDS):
                await self._flowing.wait()
        except TimeoutError:
            self.abort()
            raise ConnectionAbortedError from None

    async def refuse(self, status: HTTPStatus, code: str, **fields: str) -> None:
        """Answer with an error, or cut an answer that has begun."""
        if self._begun:
            self.abort()
            return
        body = f"{code}\n".encode()
        kind = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body))}
        self.begin(status, {**kind, **{name.replace("_", "-"): value for name, value in fields.items()}})
        await self.send(body)

    def _write(self, data: bytes) -> None:
        assert self._transport is not None
        if self._transport.is_closing():
            raise ConnectionResetError
        self._transport.write(data)

    def _wait_for_head(self) -> None:
        self._idle = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self.abort)

    def _next(self) -> None:
        head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if not found:
            return
        self._buffer[:] = rest
        if self._idle is not None:
            self._idle.cancel()
        self._begun = False
        self._task = asyncio.create_task(self._serve(head + found), name="gateway request")
        self._task.add_done_callback(self._served)

    async def _serve(self, head: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            try:
                request = read_head(head)
            except BadRequest:
                self._last = True
                await self.refuse(HTTPStatus.BAD_REQUEST, "storage.bad_request")
                return
            self._last = self._last or not request.keep_alive
            await self._answer(self, request)

    def _served(self, task: asyncio.Task[None]) -> None:
        self._task = None
        assert self._transport is not None
        if task.cancelled() or task.exception() is not None:
            self.abort()
        elif self._last:
            self._transport.close()
        elif not self._transport.is_closing():
            self._wait_for_head()
            self._next()
