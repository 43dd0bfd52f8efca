"""Read a file ahead of whoever takes its bytes."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from castcore_core.plugins.lane import LongCall
from castcore_sdk import StorageBackend, StoragePath


class Reading:
    """One open file. The backend fetches while earlier bytes are still on their way to the reader."""

    def __init__(
        self,
        call: LongCall,
        extension: StorageBackend[Any],
        path: StoragePath,
        offset: int,
        length: int | None,
        ahead: int,
    ) -> None:
        """``ahead`` is in bytes; what the backend gives at once may go beyond it."""
        self._call = call
        self._extension = extension
        self._place = path, offset
        self._left = length
        self._ahead = ahead
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._room = asyncio.Event()
        self._news = asyncio.Event()
        self._task = asyncio.create_task(call.run(self._fetch), name="storage read")
        self._task.add_done_callback(lambda _: self._news.set())

    async def next(self) -> bytes | None:
        """Return the next bytes, None at the end. Raises CastCoreError."""
        while not self._pieces:
            if self._task.done():
                self._task.result()
                return None
            self._news.clear()
            await self._news.wait()
        piece = self._pieces.popleft()
        self._held -= len(piece)
        self._room.set()
        return piece

    def close(self) -> None:
        """Let the file go. May be called twice."""
        self._task.cancel()
        self._pieces.clear()

    async def _fetch(self) -> None:
        path, offset = self._place
        async with self._extension.read(path, offset=offset, length=self._left) as pieces:
            async for piece in pieces:
                self._put(piece)
                if self._left == 0:
                    return
                if self._held > self._ahead:
                    async with self._call.idle():
                        await self._wait_for_room()

    def _put(self, piece: bytes) -> None:
        """Keep a piece for the reader, and nothing beyond what was asked for."""
        if self._left is not None:
            piece = piece[: self._left]
            self._left -= len(piece)
        if piece:
            self._pieces.append(piece)
            self._held += len(piece)
            self._news.set()

    async def _wait_for_room(self) -> None:
        while self._held > self._ahead:
            self._room.clear()
            await self._room.wait()
