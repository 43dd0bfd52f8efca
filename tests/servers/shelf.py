"""A folder as the library sees a source, without a worker between, and with faults where a test wants them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from castcore_sdk import CastCoreError, Folder, StorageEntry, StoragePath


class FolderShelf:
    """Walk and locate in a folder; ``fails_after`` files it raises ``error``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fails_after: int | None = None
        self.error: CastCoreError | None = None
        self.located = 0
        self._root = Folder(str(folder))

    async def walk(self, source_id: UUID, path: str = "", /) -> AsyncIterator[StorageEntry]:
        """Yield every file, folder by folder."""
        waiting, given = [path], 0
        while waiting:
            for entry in self._root.entries(StoragePath(waiting.pop())):
                if entry.is_dir:
                    waiting.append(entry.path)
                    continue
                if self.error is not None and given == self.fails_after:
                    raise self.error
                given += 1
                yield entry

    async def locate(self, source_id: UUID, path: str, /) -> Path | str:
        """Return the real path."""
        self.located += 1
        return self._root.locate(StoragePath(path))
