"""A file that is read, and one that is written."""

from __future__ import annotations

import errno
import stat
import threading
import time
from contextlib import suppress
from uuid import uuid4

from castcore_nfs.context import PIECE, Context, Found, Refused
from castcore_nfs.export import Export, located
from castcore_nfs.failure import is_answer, may_pass, typed
from castcore_sdk import CastCoreError, NotFoundError, PermanentError, StoragePath, TemporaryError

SMALLEST = 64 << 10
"""Bytes of the first request: people seek. They double as long as answers are quick."""
QUICK, SLOW = 0.2, 1.0
"""Seconds for one request, below and above which the next ones become larger and smaller."""


class Reader:
    """The bytes of a file from ``offset`` on. Its methods block; they may be called from any thread."""

    def __init__(self, export: Export, path: StoragePath, offset: int, length: int | None) -> None:
        self._export = export
        self._path = path
        self._place = located(path)
        self._position = offset
        self._length = length
        self._size = SMALLEST
        self._lock = threading.Lock()
        self._closed = False
        self._opened: tuple[Context, int] | None = None

    def open(self) -> None:
        """Open the file; nothing is done where ``close`` came first."""
        with self._lock:
            if not self._closed:
                found = self._open(fresh=False)
                self._etag = found.etag
                self._end = found.size if self._length is None else min(found.size, self._position + self._length)

    def piece(self) -> bytes:
        """Return the next bytes, none at the end. Raise TemporaryError ``nfs.changed`` where it is another file now."""
        with self._lock:
            if self._opened is None:
                raise TemporaryError("nfs.closed")
            try:
                return self._next(*self._opened)
            except Refused as error:
                if not is_answer(error):
                    self._drop()
                if not may_pass(error):
                    raise self._failure(error) from None
            if self._open(fresh=True).etag != self._etag:
                raise TemporaryError("nfs.changed", params={"path": self._path[:200]})
            try:
                return self._next(*self._opened)
            except Refused as error:
                self._drop()
                raise self._failure(error) from None

    def close(self) -> None:
        """Close the file. May be called twice."""
        with self._lock:
            self._closed = True
            opened, self._opened = self._opened, None
            if opened is not None:
                finish(self._export, *opened)

    def _open(self, *, fresh: bool) -> Found:
        def open_file(context: Context) -> tuple[int, Found]:
            handle = context.open(self._place)
            return handle, context.stat_open(handle)

        context, (handle, found) = self._export.hold(open_file, self._path, fresh=fresh)
        self._opened = (context, handle)
        return found

    def _drop(self) -> None:
        """Give up a connection that failed."""
        if self._opened is not None:
            self._opened[0].close()
            self._opened = None

    def _failure(self, error: OSError) -> CastCoreError:
        return typed(error, self._export.config, self._path)

    def _next(self, context: Context, handle: int) -> bytes:
        count = min(self._size, context.piece, self._end - self._position)
        if count <= 0:
            return b""
        since = time.monotonic()
        data = context.read(handle, self._position, count)
        seconds = time.monotonic() - since
        if seconds < QUICK:
            self._size = min(self._size * 2, PIECE)
        elif seconds > SLOW:
            self._size = max(self._size // 2, SMALLEST)
        self._position += len(data)
        return data


class Writer:
    """A new file, written beside its place and moved there when it is whole. Its methods block."""

    def __init__(self, export: Export, path: StoragePath) -> None:
        self._export = export
        self._path = path
        self._place = located(path)
        if not path:
            raise PermanentError("nfs.root")
        self._part = self._place.rpartition(b"/")[0] + f"/.castcore-{uuid4().hex}".encode()
        self.written = 0
        self._lock = threading.Lock()
        self._over = False
        self._opened: tuple[Context, int] | None = None

    def open(self) -> None:
        """Make the file; nothing is done where ``abandon`` came first."""
        with self._lock:
            if self._over:
                return
            try:
                self._create()
            except NotFoundError:
                self._export.make_directories(self._part.rpartition(b"/")[0])
                self._create()

    def add(self, data: bytes) -> None:
        """Write the next bytes."""
        with self._lock:
            context, handle = self._open_file()
            try:
                for start in range(0, len(data), PIECE):
                    piece = data[start : start + PIECE]
                    context.write(handle, self.written, piece)
                    self.written += len(piece)
            except Refused as error:
                raise typed(error, self._export.config, self._path) from None

    def finish(self) -> None:
        """Move it to its place; an older file goes."""
        with self._lock:
            context, handle = self._open_file()
            try:
                context.sync(handle)
                if _is_directory(context, self._place):
                    raise PermanentError("nfs.not_a_file", params={"path": self._path[:200]})
                context.rename(self._part, self._place)
            except Refused as error:
                raise typed(error, self._export.config, self._path) from None
            self._over, self._opened = True, None
            finish(self._export, context, handle)

    def abandon(self) -> None:
        """Leave nothing behind, unless it is finished. What cannot be removed now stays, hidden."""
        with self._lock:
            over, self._over = self._over, True
            opened, self._opened = self._opened, None
            if over or opened is None:
                return
            with suppress(Refused):
                opened[0].remove(self._part, directory=False)
                finish(self._export, *opened)
                return
            opened[0].close()
            with suppress(CastCoreError):
                self._export.run(lambda context: context.remove(self._part, directory=False))

    def _create(self) -> None:
        self._opened = self._export.hold(lambda context: context.open(self._part, create=True), self._path)

    def _open_file(self) -> tuple[Context, int]:
        if self._opened is None:
            raise TemporaryError("nfs.closed")
        return self._opened


def finish(export: Export, context: Context, handle: int) -> None:
    """Close a file and give its connection back; a connection that fails at it is closed."""
    try:
        context.close_file(handle)
    except Refused:
        context.close()
    else:
        export.give(context)


def _is_directory(context: Context, place: bytes) -> bool:
    try:
        return stat.S_ISDIR(context.stat(place).mode)
    except Refused as error:
        if error.errno != errno.ENOENT:
            raise
        return False
