"""Thumbnails on disk, within a budget: those that nobody has looked at for longest go first."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

BUDGET = 256 << 20
"""Bytes of all thumbnails together."""
_KEPT_PART = 0.8
"""What is left of the budget after room was made."""


class ThumbnailCache:
    """Files in one folder, each under a key that is never used for another picture."""

    def __init__(self, folder: Path, *, budget: int = BUDGET) -> None:
        self._folder = folder
        self._budget = budget
        self._size: int | None = None
        self._turn = asyncio.Lock()

    async def get(self, key: str) -> bytes | None:
        """Return a picture, None where it is not there."""
        return await asyncio.to_thread(self._read, key)

    async def put(self, key: str, picture: bytes) -> None:
        """Keep a picture; what cannot be written is not kept."""
        async with self._turn:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self._write, key, picture)

    def _read(self, key: str) -> bytes | None:
        path = self._folder / f"{key}.webp"
        try:
            picture = path.read_bytes()
            os.utime(path)  # the time says when it was looked at
        except OSError:
            return None
        return picture or None

    def _write(self, key: str, picture: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._folder / f"{key}.part"
        part.write_bytes(picture)
        part.replace(self._folder / f"{key}.webp")
        if self._size is None:
            self._size = sum(status.st_size for _, status in self._files())
        else:
            self._size += len(picture)
        if self._size > self._budget:
            self._make_room()

    def _make_room(self) -> None:
        files = sorted(self._files(), key=lambda each: each[1].st_mtime_ns)
        left = sum(status.st_size for _, status in files)
        for path, status in files:
            if left <= self._budget * _KEPT_PART:
                break
            path.unlink(missing_ok=True)
            left -= status.st_size
        self._size = left

    def _files(self) -> list[tuple[Path, os.stat_result]]:
        found = []
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                found.append((path, path.stat()))
        return found
