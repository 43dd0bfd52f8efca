"""Places that hold media."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from pydantic import SecretStr

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


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInput:
    """What ffmpeg opens: a local path or a URL, with private options kept out of logs."""

    location: str
    options: tuple[str, ...] = ()
    secret_options: tuple[SecretStr, ...] = ()
    expires_at: datetime | None = None


class StorageBackend(Extension[ConfigT], ABC):
    """A place that holds media. Every path it is given went through ``storage_path``."""

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

    @abstractmethod
    async def media_input(self, path: StoragePath, /) -> MediaInput:
        """Say how ffmpeg opens the file. Raise NotFoundError when it does not exist."""


class SupportsWrite(ABC):
    """A storage backend that also takes files."""

    @abstractmethod
    async def write(self, path: StoragePath, data: AsyncIterator[bytes], /, *, size: int | None = None) -> StorageEntry:
        """Store a file as a whole or not at all; readers never see half of it."""

    @abstractmethod
    async def delete(self, path: StoragePath, /) -> None:
        """Remove a file or an empty directory. Raise NotFoundError when it does not exist."""
