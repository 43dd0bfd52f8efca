"""Places that hold media."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NewType

from castcore_sdk.errors import ConfigurationError
from castcore_sdk.extension import ConfigT, Extension

StoragePath = NewType("StoragePath", str)
"""A normalised POSIX path relative to the root of the storage, without ``..``; empty for the root itself."""


def storage_path(text: str, /) -> StoragePath:
    """Normalise ``text``. Raise ConfigurationError for what points outside of the root or is no path at all.

    Codes: ``storage.path_absolute``, ``storage.path_outside`` (any ``..``), ``storage.path_invalid`` (NUL,
    or characters that do not encode).
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ConfigurationError("storage.path_invalid") from None
    if "\0" in text:
        raise ConfigurationError("storage.path_invalid")
    if text.startswith("/"):
        raise ConfigurationError("storage.path_absolute", params={"path": text})
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ConfigurationError("storage.path_outside", params={"path": text})
    return StoragePath("/".join(parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageEntry:
    """A file or directory as the storage lists it."""

    path: StoragePath
    is_dir: bool
    size: int | None = None
    """Bytes; None for directories and where the storage does not say."""
    modified: datetime | None = None
    """With time zone."""
    etag: str | None = None
    """Changes when the content changes."""


class StorageBackend(Extension[ConfigT], ABC):
    """A place that holds media. Every path it is given went through ``storage_path``.

    It runs in a worker process of its own, one per configured source: what blocks, crashes or hangs there stops nothing
    else. Core serves its files to ffmpeg over HTTP on loopback, so ``read`` is all that playing needs.
    """

    @abstractmethod
    def list_dir(self, path: StoragePath, /) -> AsyncIterator[StorageEntry]:
        """Yield the direct children of a directory. Raise NotFoundError when it does not exist."""

    @abstractmethod
    async def stat(self, path: StoragePath, /) -> StorageEntry:
        """Describe one file or directory. Raise NotFoundError when it does not exist."""

    @abstractmethod
    def read(
        self, path: StoragePath, /, *, offset: int = 0, length: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a file and give its bytes from ``offset`` on, ``length`` at most; nothing beyond its end.

        Raise NotFoundError when it does not exist.
        """

    async def local_path(self, path: StoragePath, /) -> Path | None:
        """Return where ffmpeg may open the file by itself, None where it can only be read.

        Only for disks of this machine: a network mount that hangs would hang ffmpeg with it. Raise NotFoundError when
        it does not exist.
        """
        return None


class SupportsWrite(ABC):
    """A storage backend that also takes files."""

    @abstractmethod
    async def write(self, path: StoragePath, data: AsyncIterator[bytes], /, *, size: int | None = None) -> StorageEntry:
        """Store a file as a whole or not at all; readers never see half of it. Missing directories are made.

        What it is written to meanwhile has a name that begins with a dot. Data that is not ``size`` bytes long is
        refused. An older file may be in use: raise TemporaryError where it cannot be replaced then.
        """

    @abstractmethod
    async def delete(self, path: StoragePath, /) -> None:
        """Remove a file or an empty directory. Raise NotFoundError when it does not exist."""
