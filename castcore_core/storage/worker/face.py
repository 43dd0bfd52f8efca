"""What a worker does for the server: one order on each connection to its socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from castcore_core.runner.control import peer_uid
from castcore_core.runner.folder import RunFolder
from castcore_core.storage.wire import (
    LONGEST_LINE,
    WireError,
    check_to_json,
    encode,
    entry_to_json,
    error_to_json,
    read_frames,
    read_message,
    write_frames,
)
from castcore_core.storage.worker.backend import Backend
from castcore_sdk import CastCoreError, PermanentError, StoragePath, TemporaryError, storage_path

_ORDER_SECONDS = 15.0
_MOST_CONNECTIONS = 256
_REST_SECONDS = 5.0
"""For a sender that goes on after a write was refused: a server that is busy hears of it late."""

Operation = Callable[[Backend, Mapping[str, Any], asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Any]]
Special = Callable[[Mapping[str, Any], asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Any]]


class Face:
    """The socket. ``special`` are orders about the worker itself; all others go to the backend."""

    def __init__(
        self, folder: RunFolder, name: str, special: Mapping[str, Special], backend: Callable[[], Backend]
    ) -> None:
        self._folder = folder
        self._name = name
        self._special = special
        self._backend = backend
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Bind the socket, over what a killed predecessor left there. Raises OSError."""
        (self._folder.path / self._name).unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self._folder.address(self._name))
        self._server = await asyncio.start_unix_server(self._meet, sock=listener, limit=LONGEST_LINE)

    async def close(self) -> None:
        """Stop serving and remove the socket. May be called twice."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        (self._folder.path / self._name).unlink(missing_ok=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self._may_enter(writer) and len(self._tasks) <= _MOST_CONNECTIONS:
                await self._obey(reader, writer)
        except (OSError, WireError, TimeoutError):
            pass  # the other side has gone, or speaks another language: there is nobody to tell
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    def _may_enter(self, writer: asyncio.StreamWriter) -> bool:
        return peer_uid(writer.get_extra_info("socket")) in (os.getuid(), None)

    async def _obey(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_ORDER_SECONDS):
            order = await read_message(reader)
        try:
            answer = await self._do(order, reader, writer)
        except CastCoreError as error:
            writer.write(encode({"error": error_to_json(error)}))
        except (KeyError, TypeError, ValueError):
            raise WireError("not an order") from None
        else:
            writer.write(encode({"ok": True, **(answer or {})}))
        await writer.drain()
        if order["op"] == "write":
            await _take_rest(reader)

    async def _do(self, order: Mapping[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Any:
        name = str(order["op"])
        if special := self._special.get(name):
            return await special(order, reader, writer)
        operation = _OPERATIONS.get(name)
        if operation is None:
            raise PermanentError("storage.worker_protocol")
        doing = asyncio.ensure_future(operation(self._backend(), order, reader, writer))
        if name == "write":
            return await doing
        return await _unless_gone(doing, reader)


async def _take_rest(reader: asyncio.StreamReader) -> None:
    """Take what is still sent until the other side goes: a socket that is closed on unread bytes loses the answer."""
    async with asyncio.timeout(_REST_SECONDS):
        while await reader.read(1 << 16):
            pass


async def _unless_gone(doing: asyncio.Future[Any], reader: asyncio.StreamReader) -> Any:
    """Return what is being done, or give it up when the other side goes: nobody waits for it then."""
    gone = asyncio.ensure_future(reader.read(1))
    try:
        await asyncio.wait({doing, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise WireError("gone")
        return doing.result()
    finally:
        gone.cancel()
        doing.cancel()


async def _check(backend: Backend, order: Mapping[str, Any], reader: Any, writer: Any) -> Any:
    return {"checks": [check_to_json(each) for each in await backend.check()], "writable": backend.writable}


async def _list(backend: Backend, order: Mapping[str, Any], reader: Any, writer: asyncio.StreamWriter) -> Any:
    async with contextlib.aclosing(backend.entries(_path(order))) as batches:
        async for batch in batches:
            writer.write(encode({"entries": [entry_to_json(entry) for entry in batch]}))
            await writer.drain()


async def _stat(backend: Backend, order: Mapping[str, Any], reader: Any, writer: Any) -> Any:
    return {"entry": entry_to_json(await backend.stat(_path(order)))}


async def _local(backend: Backend, order: Mapping[str, Any], reader: Any, writer: Any) -> Any:
    found = await backend.local_path(_path(order))
    return {"path": None if found is None else str(found)}


async def _read(backend: Backend, order: Mapping[str, Any], reader: Any, writer: asyncio.StreamWriter) -> Any:
    length = None if order["length"] is None else int(order["length"])
    ahead = 1 << 20
    async with backend.read(_path(order), offset=int(order["offset"]), length=length, ahead=ahead) as pieces:
        # Not before the first bytes are here: until then an error can be told as an answer.
        first = await anext(pieces, b"")
        writer.write(encode({"ok": True}))
        await write_frames(writer, pieces, first=first)


async def _write(backend: Backend, order: Mapping[str, Any], reader: asyncio.StreamReader, writer: Any) -> Any:
    async def received() -> Any:
        try:
            async for piece in read_frames(reader):
                yield piece
        except WireError:
            raise TemporaryError("storage.interrupted") from None

    size = None if order["size"] is None else int(order["size"])
    return {"entry": entry_to_json(await backend.write(_path(order), received(), size))}


async def _delete(backend: Backend, order: Mapping[str, Any], reader: Any, writer: Any) -> Any:
    await backend.delete(_path(order))


_OPERATIONS: Mapping[str, Operation] = {
    "check": _check,
    "list": _list,
    "stat": _stat,
    "local": _local,
    "read": _read,
    "write": _write,
    "delete": _delete,
}


def _path(order: Mapping[str, Any]) -> StoragePath:
    return storage_path(str(order["path"]))
