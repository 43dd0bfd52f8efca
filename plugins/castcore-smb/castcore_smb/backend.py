"""A Windows or Samba share as a storage of media."""

from __future__ import annotations

from collections.abc import Sequence

from castcore_sdk import CheckResult, PluginContext, StorageEntry, StoragePath, WritableBlockingStorage
from castcore_smb.config import SmbConfig
from castcore_smb.examination import examine
from castcore_smb.reader import Reader
from castcore_smb.share import Share
from castcore_smb.writer import Writer


class SmbStorage(WritableBlockingStorage[SmbConfig]):
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

    def entries(self, path: StoragePath, /) -> Sequence[StorageEntry]:
        """Return the children, hidden ones too; links that the server leaves to its clients are left out."""
        return self._share.entries(path)

    def entry(self, path: StoragePath, /) -> StorageEntry:
        """Describe one file or folder."""
        return self._share.entry(path)

    def reader(self, path: StoragePath, offset: int, length: int | None, /) -> Reader:
        """Open a file. Its pieces have 1 MiB at most, and 4 of them are read ahead."""
        return Reader(self._share, path, offset, length)

    def writer(self, path: StoragePath, /) -> Writer:
        """Begin a new file. Raise TemporaryError ``smb.in_use`` at its end when the older one is open."""
        return Writer(self._share, path)

    def remove(self, path: StoragePath, /) -> None:
        """Remove a file or an empty folder, never the root."""
        self._share.remove(path)
