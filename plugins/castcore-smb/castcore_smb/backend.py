"""A Windows or Samba share as a storage of media."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

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
from castcore_smb.config import SmbConfig
from castcore_smb.examination import examine
from castcore_smb.reader import Reader
from castcore_smb.share import Share
from castcore_smb.writer import Writer


class SmbStorage(StorageBackend[SmbConfig], SupportsWrite):
    """A share of a Windows, Samba or NAS server, without mounting it (SMB 2 and 3)."""

    id = "smb"

    def __init__(self, config: SmbConfig, context: PluginContext) -> None:
        super().__init__(config, context)
        self._share = Share(config)

    async def check(self) -> Sequence[CheckResult]:
        """Connect, list the folder and see whether it can be written to. Nothing is changed."""
        return await self.context.run_blocking(examine, self._share)

    async def close(self) -> None:
        """Log off."""
        await self.context.run_blocking(self._share.close)

    async def list_dir(self, path: StoragePath, /) -> AsyncIterator[StorageEntry]:
        """Yield the children, hidden ones too; links that the server leaves to its clients are left out."""
        for entry in await self.context.run_blocking(self._share.entries, path):
            yield entry

    async def stat(self, path: StoragePath, /) -> StorageEntry:
        """Describe one file or folder."""
        return await self.context.run_blocking(self._share.entry, path)

    def read(
        self, path: StoragePath, /, *, offset: int = 0, length: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a file and give its bytes in pieces of 1 MiB at most, read ahead by 4 MiB."""
        return self._reader(path, offset, length)

    async def write(self, path: StoragePath, data: AsyncIterator[bytes], /, *, size: int | None = None) -> StorageEntry:
        """Write beside the place and move it there when it is whole. Missing folders are made.

        Raise TemporaryError ``smb.incomplete`` when ``data`` is not ``size`` bytes long, ``smb.in_use`` when the older
        file is open: servers replace none that is.
        """
        blocking = self.context.run_blocking
        writer = Writer(self._share, path)
        try:
            await blocking(writer.open)
            async for piece in data:
                await blocking(writer.add, piece)
            if size is not None and writer.written != size:
                params: Params = {"path": path[:200], "size": size, "written": writer.written}
                raise TemporaryError("smb.incomplete", params=params)
            await blocking(writer.finish)
        except BaseException:
            await blocking(writer.abandon)
            raise
        return await self.stat(path)

    async def delete(self, path: StoragePath, /) -> None:
        """Remove a file or an empty folder, never the root."""
        await self.context.run_blocking(self._share.remove, path)

    @asynccontextmanager
    async def _reader(self, path: StoragePath, offset: int, length: int | None) -> AsyncIterator[AsyncIterator[bytes]]:
        reader = Reader(self._share, path, offset, length)
        try:
            await self.context.run_blocking(reader.open)
            yield self._pieces(reader)
        finally:
            await self.context.run_blocking(reader.close)

    async def _pieces(self, reader: Reader) -> AsyncIterator[bytes]:
        while piece := await self.context.run_blocking(reader.piece):
            yield piece
