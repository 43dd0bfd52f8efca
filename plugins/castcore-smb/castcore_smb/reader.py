"""One file, read ahead."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from smbprotocol.exceptions import EndOfFile
from smbprotocol.open import CreateOptions, FilePipePrinterAccessMask

from castcore_sdk import StoragePath, TemporaryError
from castcore_smb.failure import typed
from castcore_smb.handle import Handle, describe, open_place, send_close
from castcore_smb.link import Link
from castcore_smb.share import FAULTS, Share

LARGEST, SMALLEST = 1 << 20, 64 << 10
"""Bytes of one request. Larger ones are slower (measured: 8 MiB a third of 1 MiB); the first is small: people seek."""
AHEAD = 4
"""Requests under way. Measured against smbd on loopback: 1 gives 480 MB/s, 2 gives 950, 4 gives 990."""
QUICK, SLOW = 0.05, 0.2
"""Seconds of waiting for one request, below and above which the next ones become larger and smaller: what is under way
when somebody seeks has to arrive before anything else does."""
RESERVE = 16
"""Credits that readers leave to everything else."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request under way."""

    request: Any
    answer: Callable[[Any], bytes]
    length: int


class Reader:
    """The bytes of a file from ``offset`` on. All of it blocks and raises CastCoreError."""

    def __init__(self, share: Share, path: StoragePath, offset: int, length: int | None) -> None:
        self._share = share
        self._path = path
        self._place = share.place(path)
        self._position = self._asked = offset
        self._size = SMALLEST
        self._queue: deque[Asked] = deque()
        self._link: Link
        self._file = self._opened()
        self._etag = describe(path, self._file).etag
        size: int = self._file.end_of_file
        self._end = size if length is None else min(size, offset + length)

    def piece(self) -> bytes:
        """Return the next bytes, none at the end. Raise TemporaryError ``smb.changed`` where it is another file now."""
        try:
            return self._next()
        except FAULTS as error:
            if not self._share.gone(self._link, error):
                raise typed(error, self._share.config, self._path) from None
        self._again()
        try:
            return self._next()
        except FAULTS as error:
            self._share.gone(self._link, error)
            raise typed(error, self._share.config, self._path) from None

    def close(self) -> None:
        """Close the file, and wait for nothing."""
        with suppress(*FAULTS):
            self._leave()
            send_close(self._link, self._file)

    def _opened(self) -> Handle:
        access = FilePipePrinterAccessMask.FILE_READ_DATA | FilePipePrinterAccessMask.FILE_READ_ATTRIBUTES

        def open_file(link: Link) -> Handle:
            self._link = link
            return open_place(link, self._place, access, options=CreateOptions.FILE_NON_DIRECTORY_FILE)

        return self._share.run(open_file, self._path)

    def _again(self) -> None:
        """Go on where it was, on a new connection."""
        self._queue.clear()
        self._asked = self._position
        self._file = self._opened()
        if describe(self._path, self._file).etag != self._etag:
            raise TemporaryError("smb.changed", params={"path": self._path[:200]})

    def _next(self) -> bytes:
        self._ask()
        if not self._queue:
            return b""
        asked, since = self._queue.popleft(), time.monotonic()
        try:
            data = asked.answer(asked.request)
        except EndOfFile:
            data = b""
        self._pace(time.monotonic() - since)
        self._position += len(data)
        if len(data) < asked.length:
            # What is under way begins at the wrong place, or behind an end that came nearer.
            self._leave()
            self._asked = self._position
            self._end = self._end if data else self._position
        return data

    def _ask(self) -> None:
        """Keep requests under way, as far as the server's credits go."""
        while len(self._queue) < AHEAD and self._asked < self._end:
            with self._link.credits:
                length = self._affordable(min(self._size, self._end - self._asked))
                if not length and self._queue:
                    return
                if not length:
                    raise TemporaryError("smb.busy", params={"host": self._share.config.host})
                read, answer = self._file.read(self._asked, length, send=False)
                tree = self._file.tree_connect
                sent = self._link.connection.send(read, tree.session.session_id, tree.tree_connect_id)
            self._queue.append(Asked(sent, answer, length))
            self._asked += length

    def _affordable(self, length: int) -> int:
        """Return how much of ``length`` can be asked for now, at least one request where nothing is under way."""
        connection = self._link.connection
        length = min(length, connection.max_read_size)
        if not connection.supports_multi_credit:
            length = min(length, SMALLEST)
        free = self._link.free_credits() - RESERVE
        if free * SMALLEST >= length:
            return length
        return 0 if self._queue or free + RESERVE <= 0 else min(length, SMALLEST)

    def _pace(self, seconds: float) -> None:
        if seconds < QUICK:
            self._size = min(self._size * 2, LARGEST)
        elif seconds > SLOW:
            self._size = max(self._size // 2, SMALLEST)

    def _leave(self) -> None:
        """Want nothing more of what is under way."""
        while self._queue:
            self._link.forget(self._queue.popleft().request)
