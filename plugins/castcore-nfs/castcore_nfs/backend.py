"""An NFS export as a storage of media, without mounting it."""

from __future__ import annotations

from collections.abc import Sequence

from castcore_nfs.config import NfsConfig
from castcore_nfs.examination import examine
from castcore_nfs.export import Export
from castcore_nfs.file import Reader, Writer
from castcore_sdk import CheckResult, PluginContext, StorageEntry, StoragePath, WritableBlockingStorage


class NfsStorage(WritableBlockingStorage[NfsConfig]):
    """An export of an NFS server, versions 3 and 4, in user space."""

    id = "nfs"

    def __init__(self, config: NfsConfig, context: PluginContext) -> None:
        super().__init__(config, context)
        self._export = Export(config)

    async def check(self) -> Sequence[CheckResult]:
        """Connect, list the root and see whether it can be written to. Nothing is changed."""
        return await self.context.run_blocking(examine, self._export)

    async def close(self) -> None:
        """Disconnect."""
        await self.context.run_blocking(self._export.close)

    def entries(self, path: StoragePath, /) -> Sequence[StorageEntry]:
        """Return the children; links, special files and names that are no text are left out."""
        return self._export.entries(path)

    def entry(self, path: StoragePath, /) -> StorageEntry:
        """Describe one file or directory."""
        return self._export.entry(path)

    def reader(self, path: StoragePath, offset: int, length: int | None, /) -> Reader:
        """Open a file, over a connection of its own."""
        return Reader(self._export, path, offset, length)

    def writer(self, path: StoragePath, /) -> Writer:
        """Begin a new file."""
        return Writer(self._export, path)

    def remove(self, path: StoragePath, /) -> None:
        """Remove a file, a link or an empty directory, never the root."""
        self._export.remove(path)
