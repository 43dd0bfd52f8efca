"""RTMP peers that misbehave in one chosen way, on free loopback ports."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Literal

from castcore_core.rtmp.chunk import ChunkReader, pack
from castcore_core.rtmp.command import Command, read_command, status
from castcore_core.rtmp.handshake import Handshake
from castcore_core.rtmp.limit import Limits
from castcore_core.rtmp.message import Message

Phase = Literal["accept", "handshake", "connect", "createStream", "publish", "media"]


class Dialogue:
    """One connection at the peer's side, driven by a test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._chunks = ChunkReader(Limits())
        self._waiting: list[Message] = []

    async def handshake(self) -> None:
        """Do a server's handshake."""
        shake = Handshake(server=True)
        while shake.rest is None:
            data = await self.reader.read(65536)
            if not data:
                raise ConnectionError
            self.writer.write(shake.feed(data))
        self._waiting += self._chunks.feed(shake.rest)

    async def message(self) -> Message:
        """Return the next message."""
        while not self._waiting:
            data = await self.reader.read(65536)
            if not data:
                raise ConnectionError
            self._waiting += self._chunks.feed(data)
        return self._waiting.pop(0)

    async def command(self, name: str) -> Command:
        """Return the next command of that name and drop what comes before it."""
        while True:
            message = await self.message()
            if message.kind == 20 and (command := read_command(message, Limits())).name == name:
                return command

    def say(self, command: Command, stream_id: int = 0) -> None:
        """Send a command or an answer."""
        self.writer.write(pack(command.to_message(stream_id), 3, 128))

    def accept(self, command: Command, value: object = None) -> None:
        """Answer with ``_result``."""
        self.say(Command("_result", command.transaction, (None, value)))  # type: ignore[arg-type]

    async def up_to(self, phase: Phase) -> None:
        """Behave well until the client has asked for ``phase``, which is not answered."""
        if phase == "accept":
            return
        await self.handshake()
        if phase == "handshake":
            return
        connect = await self.command("connect")
        if phase == "connect":
            return
        self.accept(connect, {"code": "NetConnection.Connect.Success", "level": "status"})
        create = await self.command("createStream")
        if phase == "createStream":
            return
        self.accept(create, 1.0)
        await self.command("publish")
        if phase == "publish":
            return
        self.say(status("status", "NetStream.Publish.Start", "go"), 1)


@contextlib.asynccontextmanager
async def scripted(script: Callable[[Dialogue], Awaitable[None]]) -> AsyncIterator[int]:
    """Run ``script`` for each connection and close it afterwards; gives the port."""
    tasks: set[asyncio.Task[None]] = set()

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await script(Dialogue(reader, writer))
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(run, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def closes_at(phase: Phase) -> Callable[[Dialogue], Awaitable[None]]:
    """Close the connection where the client waits for the answer to ``phase``."""

    async def script(dialogue: Dialogue) -> None:
        await dialogue.up_to(phase)
        await dialogue.writer.drain()
        if phase == "media":
            await dialogue.message()

    return script


def hangs_at(phase: Phase) -> Callable[[Dialogue], Awaitable[None]]:
    """Stop reading and answering where the client waits for the answer to ``phase``."""

    async def script(dialogue: Dialogue) -> None:
        await dialogue.up_to(phase)
        dialogue.writer.transport.pause_reading()
        await asyncio.Event().wait()

    return script


def sends_garbage(after: Phase) -> Callable[[Dialogue], Awaitable[None]]:
    """Send random bytes instead of the answer to ``after``."""

    async def script(dialogue: Dialogue) -> None:
        await dialogue.up_to(after)
        dialogue.writer.write(b"\xff" + os.urandom(100_000))
        await asyncio.Event().wait()

    return script


@contextlib.contextmanager
def black_hole() -> Iterator[int]:
    """Give a loopback port whose connections are never answered: a listener with a full backlog."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
