"""An NFS export as a storage of media, without mounting it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from castcore_nfs.config import NfsConfig
from castcore_nfs.examination import examine
from castcore_nfs.export import Export
from castcore_nfs.file import Reader, Writer
from castcore_sdk import (
    CheckResult,
    Params,
    PluginContext,
    StorageBackend,
    StorageEntry,
    StoragePath,
    SupportsWrite,
    TemporaryError,
)


class NfsStorage(StorageBackend[NfsConfig], SupportsWrite):
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

    async def list_dir(self, path: StoragePath, /) -> AsyncIterator[StorageEntry]:
        """Yield the children; links, special files and names that are no text are left out."""
        for entry in await self.context.run_blocking(self._export.entries, path):
            yield entry

    async def stat(self, path: StoragePath, /) -> StorageEntry:
        """Describe one file or directory."""
        return await self.context.run_blocking(self._export.entry, path)

    def read(
        self, path: StoragePath, /, *, offset: int = 0, length: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a file and give its bytes in pieces of 1 MiB at most. Each reader has a connection of its own."""
        return self._reader(path, offset, length)

    async def write(self, path: StoragePath, data: AsyncIterator[bytes], /, *, size: int | None = None) -> StorageEntry:
        """Write beside the place and move it there when it is whole. Missing directories are made.

        Raise TemporaryError ``nfs.incomplete`` when ``data`` is not ``size`` bytes long.
        """
        blocking = self.context.run_blocking
        writer = Writer(self._export, path)
        try:
            await blocking(writer.open)
            async for piece in data:
                await blocking(writer.add, piece)
            if size is not None and writer.written != size:
                params: Params = {"path": path[:200], "size": size, "written": writer.written}
                raise TemporaryError("nfs.incomplete", params=params)
            await blocking(writer.finish)
        except BaseException:
            await blocking(writer.abandon)
            raise
        return await self.stat(path)

    async def delete(self, path: StoragePath, /) -> None:
        """Remove a file, a link or an empty directory, never the root."""
        await self.context.run_blocking(self._export.remove, path)

    @asynccontextmanager
    async def _reader(self, path: StoragePath, offset: int, length: int | None) -> AsyncIterator[AsyncIterator[bytes]]:
        reader = Reader(self._export, path, offset, length)
        try:
            await self.context.run_blocking(reader.open)
            yield self._pieces(reader)
        finally:
            await self.context.run_blocking(reader.close)

    async def _pieces(self, reader: Reader) -> AsyncIterator[bytes]:
        while piece := await self.context.run_blocking(reader.piece):
            yield piece
