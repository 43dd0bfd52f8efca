"""Read and write pipes without ever waiting."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections import deque
from collections.abc import Callable

CAPACITY = 1 << 20
"""Bytes asked of the kernel for each pipe; an unprivileged user's limit on Linux (pipe-max-size)."""

_READ = 1 << 16
_MOST_PIECES = 64


def open_pipe() -> tuple[int, int]:
    """Return (read end, write end), neither inherited, as large as the kernel lets it be."""
    reader, writer = os.pipe()
    set_size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if set_size is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(writer, set_size, CAPACITY)
    return reader, writer


class PipeReader:
    """Calls ``on_data`` with what arrives and ``on_end`` once at the end; takes over the descriptor."""

    def __init__(self, fd: int, on_data: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._fd = fd
        self._on_data = on_data
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        os.set_blocking(fd, False)
        self._loop.add_reader(fd, self._read)

    def close(self) -> None:
        """Stop reading; ``on_end`` is called if it has not been. May be called twice."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1
            self._on_end()

    def _read(self) -> None:
        try:
            data = os.read(self._fd, _READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._on_data(data)
        else:
            self.close()


class PipeWriter:
    """Writes what it can and keeps the rest; takes over the descriptor.

    A reader that went away makes ``broken`` true; what is written afterwards is dropped.
    """

    def __init__(self, fd: int) -> None:
        self.broken = False
        self.unsent = 0
        self._fd = fd
        self._pieces: deque[memoryview] = deque()
        self._loop = asyncio.get_running_loop()
        self._waits = False
        self._ends = False
        os.set_blocking(fd, False)

    @property
    def closed(self) -> bool:
        """Say whether the descriptor is closed: everything was written, or cannot be."""
        return self._fd < 0

    def write(self, *pieces: bytes) -> None:
        """Write the pieces in turn."""
        if self._fd < 0 or self._ends:
            return
        for piece in pieces:
            self._pieces.append(memoryview(piece))
            self.unsent += len(piece)
        if not self._waits:
            self._flush()

    def end(self) -> None:
        """Close after everything has been written."""
        self._ends = True
        if not self._pieces:
            self.abort()

    def abort(self) -> None:
        """Close at once. May be called twice."""
        if self._fd >= 0:
            if self._waits:
                self._loop.remove_writer(self._fd)
            os.close(self._fd)
            self._fd = -1
            self._pieces.clear()
            self.unsent = 0

    def _flush(self) -> None:
        try:
            while self._pieces:
                self._advance(
                    os.writev(self._fd, [self._pieces[i] for i in range(min(len(self._pieces), _MOST_PIECES))])
                )
        except BlockingIOError:
            if not self._waits:
                self._waits = True
                self._loop.add_writer(self._fd, self._flush)
            return
        except OSError:
            self.broken = True
            self.abort()
            return
        if self._waits:
            self._waits = False
            self._loop.remove_writer(self._fd)
        if self._ends:
            self.abort()

    def _advance(self, written: int) -> None:
        self.unsent -= written
        while written:
            piece = self._pieces[0]
            if len(piece) > written:
                self._pieces[0] = piece[written:]
                return
            written -= len(piece)
            self._pieces.popleft()
