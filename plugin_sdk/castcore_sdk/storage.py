"""Places that hold media."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from pydantic import SecretStr

from castcore_sdk.extension import ConfigT, Extension

StoragePath = NewType("StoragePath", str)
"""A normalised POSIX path relative to the root of the storage, without '..'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageEntry:
    path: StoragePath
    is_dir: bool
    size: int | None = None
    modified: datetime | None = None
    etag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInput:
    """What ffmpeg opens: a local path or a URL, with private options kept out of logs."""

    location: str
    options: tuple[str, ...] = ()
    secret_options: tuple[SecretStr, ...] = ()
    expires_at: datetime | None = None


class StorageBackend(Extension[ConfigT], ABC):
    """A place that holds media."""

    @abstractmethod
    def list_dir(self, path: StoragePath, /) -> AsyncIterator[StorageEntry]:
        """Yield the direct children of a directory. Raise NotFoundError when it does not exist."""

    @abstractmethod
    async def stat(self, path: StoragePath, /) -> StorageEntry: ...

    @abstractmethod
    def read(
        self, path: StoragePath, /, *, offset: int = 0, length: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]: ...

    @abstractmethod
    async def media_input(self, path: StoragePath, /) -> MediaInput: ...


class SupportsWrite(ABC):
    @abstractmethod
    async def write(
        self, path: StoragePath, data: AsyncIterator[bytes], /, *, size: int | None = None
    ) -> StorageEntry: ...
    @abstractmethod
    async def delete(self, path: StoragePath, /) -> None: ...
