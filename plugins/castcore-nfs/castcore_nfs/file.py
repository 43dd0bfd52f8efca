"""A file that is read, and one that is written."""

from __future__ import annotations

import errno
import stat
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
    """The bytes of a file from ``offset`` on, over a connection of its own. It blocks and raises CastCoreError."""

    def __init__(self, export: Export, path: StoragePath, offset: int, length: int | None) -> None:
        self._export = export
        self._path = path
        self._place = located(path)
        self._position = offset
        self._size = SMALLEST
        self._opened: tuple[Context, int] | None = None
        found = self._open(fresh=False)
        self._etag = found.etag
        self._end = found.size if length is None else min(found.size, offset + length)

    def piece(self) -> bytes:
        """Return the next bytes, none at the end. Raise TemporaryError ``nfs.changed`` where it is another file now."""
        if self._opened is not None:
            try:
                return self._next(*self._opened)
            except Refused as error:
                if not is_answer(error):
                    self._drop()
                if not may_pass(error):
                    raise self._failure(error) from None
        if self._open(fresh=True).etag != self._etag or self._opened is None:
            raise TemporaryError("nfs.changed", params={"path": self._path[:200]})
        try:
            return self._next(*self._opened)
        except Refused as error:
            self._drop()
            raise self._failure(error) from None

    def close(self) -> None:
        """Close the file."""
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
    """A new file, written beside its place and moved there when it is whole. It blocks and raises CastCoreError."""

    def __init__(self, export: Export, path: StoragePath) -> None:
        self._export = export
        self._path = path
        self._place = located(path)
        if not path:
            raise PermanentError("nfs.root")
        self._part = self._place.rpartition(b"/")[0] + f"/.castcore-{uuid4().hex}".encode()
        self._written = 0
        try:
            self._context, self._handle = self._create()
        except NotFoundError:
            export.make_directories(self._part.rpartition(b"/")[0])
            self._context, self._handle = self._create()

    def add(self, data: bytes) -> None:
        """Write the next bytes."""
        try:
            for start in range(0, len(data), PIECE):
                piece = data[start : start + PIECE]
                self._context.write(self._handle, self._written, piece)
                self._written += len(piece)
        except Refused as error:
            raise self._failure(error) from None

    def finish(self) -> None:
        """Move it to its place; an older file goes."""
        try:
            self._context.sync(self._handle)
            if _is_directory(self._context, self._place):
                raise PermanentError("nfs.not_a_file", params={"path": self._path[:200]})
            self._context.rename(self._part, self._place)
        except Refused as error:
            raise self._failure(error) from None
        finish(self._export, self._context, self._handle)

    def abandon(self) -> None:
        """Leave nothing behind. What cannot be removed now stays, hidden."""
        with suppress(Refused):
            self._context.remove(self._part, directory=False)
            finish(self._export, self._context, self._handle)
            return
        self._context.close()
        with suppress(CastCoreError):
            self._export.run(lambda context: context.remove(self._part, directory=False))

    def _create(self) -> tuple[Context, int]:
        return self._export.hold(lambda context: context.open(self._part, create=True), self._path)

    def _failure(self, error: OSError) -> CastCoreError:
        return typed(error, self._export.config, self._path)


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
