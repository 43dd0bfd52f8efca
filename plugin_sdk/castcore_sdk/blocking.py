"""Storages on libraries that block."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from castcore_sdk.errors import Params, TemporaryError
from castcore_sdk.extension import ConfigT
from castcore_sdk.storage import StorageBackend, StorageEntry, StoragePath, SupportsWrite

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")
R = TypeVar("R")
_LISTED_AT_ONCE = 256
_CLOSED_WITHIN = 1.0
"""Seconds that whoever leaves a file waits for it."""
_closing: set[asyncio.Future[None]] = set()
"""Kept from the garbage collector."""


class BlockingReader(Protocol):
    """An open file."""

    def piece(self) -> bytes:
        """Return the next bytes, 1 MiB or so, none at the end."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class BlockingWriter(Protocol):
    """A new file beside its place."""

    def add(self, data: bytes, /) -> None:
        """Write the next bytes."""
        ...

    def finish(self) -> None:
        """Move it to its place and close it; an older file goes."""
        ...

    def abandon(self) -> None:
        """Leave nothing behind; also after a failed ``finish``. No error where the other side is gone."""
        ...


class BlockingStorage(StorageBackend[ConfigT]):
    """A storage whose library blocks: write the plain methods below, and they are called in threads.

    A reader or writer is used by one thread at a time and is closed whatever happens, a call that is cancelled while
    it opens included.
    """

    @abstractmethod
    def entries(self, path: StoragePath, /) -> Iterable[StorageEntry]:
        """Return or yield the direct children of a directory. Raise NotFoundError when it does not exist."""

    @abstractmethod
    def entry(self, path: StoragePath, /) -> StorageEntry:
        """Describe one file or directory. Raise NotFoundError when it does not exist."""

    @abstractmethod
    def reader(self, path: StoragePath, offset: int, length: int | None, /) -> BlockingReader:
        """Open a file. Raise NotFoundError when it does not exist."""

    async def list_dir(self, path: StoragePath, /) -> AsyncIterator[StorageEntry]:
        """Yield the direct children of a directory."""
        blocking = self.context.run_blocking
        entries = iter(await blocking(self.entries, path))
        while batch := await blocking(lambda: list(islice(entries, _LISTED_AT_ONCE))):
            for entry in batch:
                yield entry

    async def stat(self, path: StoragePath, /) -> StorageEntry:
        """Describe one file or directory."""
        return await self.context.run_blocking(self.entry, path)

    def read(
        self, path: StoragePath, /, *, offset: int = 0, length: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a file and give its bytes from ``offset`` on, ``length`` at most."""
        return self._reading(path, offset, length)

    @asynccontextmanager
    async def _reading(self, path: StoragePath, offset: int, length: int | None) -> AsyncIterator[AsyncIterator[bytes]]:
        turns = _Turns(lambda: self.reader(path, offset, length), lambda reader: reader.close())
        try:
            await self.context.run_blocking(turns.open)
            yield self._pieces(turns)
        finally:
            await _settled(self.context.run_blocking(turns.close))

    async def _pieces(self, turns: _Turns[BlockingReader]) -> AsyncIterator[bytes]:
        while piece := await self.context.run_blocking(turns.use, lambda reader: reader.piece()):
            yield piece


class WritableBlockingStorage(BlockingStorage[ConfigT], SupportsWrite):
    """A storage whose library blocks, and which takes files."""

    @abstractmethod
    def writer(self, path: StoragePath, /) -> BlockingWriter:
        """Begin a new file, under a name of its own that begins with a dot. Make missing directories."""

    @abstractmethod
    def remove(self, path: StoragePath, /) -> None:
        """Remove a file or an empty directory. Raise NotFoundError when it does not exist."""

    async def write(self, path: StoragePath, data: AsyncIterator[bytes], /, *, size: int | None = None) -> StorageEntry:
        """Store a file as a whole or not at all.

        Raise TemporaryError ``storage.incomplete`` when ``data`` is not ``size`` bytes long.
        """
        blocking = self.context.run_blocking
        turns = _Turns(lambda: self.writer(path), lambda writer: writer.abandon())
        written = 0
        try:
            await blocking(turns.open)
            async for piece in data:
                await blocking(turns.use, lambda writer, piece=piece: writer.add(piece))
                written += len(piece)
            if size is not None and written != size:
                params: Params = {"path": path, "size": size, "written": written}
                raise TemporaryError("storage.incomplete", params=params)
            await blocking(turns.use, lambda writer: writer.finish(), last=True)
        finally:
            await _settled(blocking(turns.close))
        return await self.stat(path)

    async def delete(self, path: StoragePath, /) -> None:
        """Remove a file or an empty directory."""
        await self.context.run_blocking(self.remove, path)


async def _settled(closing: Coroutine[Any, Any, None]) -> None:
    """Wait for something to be closed, but not for a server that hangs: then it is closed when its last call ends."""
    import asyncio  # not with the package: it loads ssl, 30 ms for every command

    task = asyncio.ensure_future(closing)
    _closing.add(task)
    task.add_done_callback(_closing.discard)
    done, _ = await asyncio.wait([task], timeout=_CLOSED_WITHIN)
    for ended in done:
        ended.result()


class _Turns(Generic[T]):
    """Something that is opened, used and closed in threads: one call at a time, and closed for good."""

    def __init__(self, opens: Callable[[], T], closes: Callable[[T], None]) -> None:
        self._opens, self._closes = opens, closes
        self._lock = threading.Lock()
        self._thing: T | None = None
        self._closed = False

    def open(self) -> None:
        with self._lock:
            if not self._closed:
                self._thing = self._opens()

    def use(self, call: Callable[[T], R], *, last: bool = False) -> R:
        """Return ``call(thing)``; after the last use that succeeds there is nothing to close."""
        with self._lock:
            if self._thing is None:
                raise TemporaryError("storage.closed")
            result = call(self._thing)
            if last:
                self._thing = None
            return result

    def close(self) -> None:
        with self._lock:
            self._closed = True
            thing, self._thing = self._thing, None
            if thing is not None:
                self._closes(thing)
