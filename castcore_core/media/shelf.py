"""What the library asks of storage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol
from uuid import UUID

from castcore_sdk import StorageEntry


class Shelf(Protocol):
    """The face of ``castcore_core.storage.service.Storage`` that a scan needs; all of it raises CastCoreError."""

    def walk(self, source_id: UUID, path: str = "", /) -> AsyncIterator[StorageEntry]:
        """Yield every file below ``path``. It raises where a folder cannot be listed, so an end is a whole walk."""
        ...

    async def locate(self, source_id: UUID, path: str, /) -> Path | str:
        """Return where a file can be opened: a path of this machine, or an address on loopback."""
        ...
