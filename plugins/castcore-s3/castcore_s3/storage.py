"""Media in an S3 bucket."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from datetime import timedelta
from typing import ClassVar

import obstore.exceptions

from castcore_s3.check import examine
from castcore_s3.client import Client
from castcore_s3.config import S3Config
from castcore_s3.connection import Connection, connect
from castcore_s3.failure import failure, told_by_obstore
from castcore_s3.listing import Item
from castcore_s3.reader import Reader
from castcore_s3.writer import upload
from castcore_sdk import (
    CastCoreError,
    CheckResult,
    ConfigurationError,
    NotFoundError,
    PermanentError,
    StorageBackend,
    StorageEntry,
    StoragePath,
    SupportsWrite,
    TemporaryError,
    storage_path,
)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class S3Storage(StorageBackend[S3Config], SupportsWrite):
    """A bucket, or one folder of it."""

    id = "s3"
    stall: ClassVar[timedelta] = timedelta(seconds=10)
    """How long the service may be silent within one request."""
    patience: ClassVar[timedelta] = timedelta(seconds=20)
    """How long a read that has begun goes on trying while nothing comes."""
    timeouts: ClassVar[Mapping[str, timedelta]] = {
        "read": timedelta(seconds=45),
        "write": timedelta(seconds=60),
        "stat": timedelta(seconds=30),
    }
    """More than core's own limits: within them a break is mended, and a silent service is asked why."""
    _connection: Connection | None = None

    async def start(self) -> None:
        """Read the certificates and prepare the clients; nothing is sent."""
        await self._connected()

    async def close(self) -> None:
        """Close the connections."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.client.http.aclose()

    async def check(self) -> Sequence[CheckResult]:
        """List the folder, read a byte of what is in it, compare the clocks; nothing is written."""
        return await examine((await self._connected()).client, self.config, self._prefix(StoragePath("")))

    async def list_dir(self, path: StoragePath, /) -> AsyncIterator[StorageEntry]:
        """Yield common prefixes as directories and objects as files, page by page.

        Left out: markers of directories, and keys that no path can name (empty or dotted parts, control characters).
        """
        client, prefix = (await self._connected()).client, self._prefix(path)
        token: str | None = None
        found, left_out = path == "", 0
        while True:
            page = await client.page(prefix, token=token)
            found = found or bool(page.items or page.prefixes)
            for folder in page.prefixes:
                name = folder.removesuffix("/")
                if self._named(name, prefix):
                    yield StorageEntry(path=self._path(name), is_dir=True)
                else:
                    left_out += 1
            for item in page.items:
                if item.key == prefix:
                    continue
                if self._named(item.key, prefix):
                    yield self._file(item)
                else:
                    left_out += 1
            if page.token is None:
                break
            if page.token == token:
                # It would go on for ever.
                raise ConfigurationError(
                    "s3.not_s3", field="endpoint", params={"status": 200}, detail="same token again"
                )
            token = page.token
        if not found:
            raise NotFoundError("storage.not_found", params={"path": path})
        if left_out:
            self.context.log.warning("%d keys below %r have names that no path can have; left out", left_out, path)

    async def stat(self, path: StoragePath, /) -> StorageEntry:
        """Describe an object; what is no object but has some below it is a directory."""
        client = (await self._connected()).client
        if path == "":
            await client.page(self._prefix(path), most=1)
            return StorageEntry(path=path, is_dir=True)
        try:
            return self._file(await client.head(self._key(path), path))
        except NotFoundError:
            if await self._is_folder(client, path):
                return StorageEntry(path=path, is_dir=True)
            raise

    def read(
        self, path: StoragePath, /, *, offset: int = 0, length: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open an object. Breaks are mended while it is the same object; else PermanentError ``s3.changed``."""
        return aclosing(self._chunks(path, offset, length))

    async def write(self, path: StoragePath, data: AsyncIterator[bytes], /, *, size: int | None = None) -> StorageEntry:
        """Store an object of any size. What fails or is cancelled leaves nothing visible and no parts."""
        connection, key = await self._connected(), self._key(path)
        if await self._is_folder(connection.client, path):
            raise PermanentError("storage.not_a_file", params={"path": path})
        try:
            await upload(connection.writing, key, _whole(data, path, size))
        except CastCoreError:
            raise
        except (obstore.exceptions.BaseError, OSError) as error:
            told = told_by_obstore(error)
            problem = failure(told, path=path) if told else None
        else:
            return self._file(await connection.client.head(key, path))
        if problem is None:
            await connection.client.page(self._prefix(StoragePath("")), most=1)
        # Raised outside of the handler: the text of obstore's error holds what was signed.
        raise problem or TemporaryError("s3.interrupted")

    async def delete(self, path: StoragePath, /) -> None:
        """Remove an object, or the marker of a directory that has nothing in it."""
        client, entry = (await self._connected()).client, await self.stat(path)
        if not entry.is_dir:
            return await client.delete(self._key(path), path)
        prefix = self._prefix(path)
        page = await client.page(prefix, most=2)
        if path == "" or page.prefixes or any(item.key != prefix for item in page.items):
            raise PermanentError("s3.directory_not_empty", params={"path": path or "/"})
        return await client.delete(prefix, path)

    async def _chunks(self, path: StoragePath, offset: int, length: int | None) -> AsyncGenerator[bytes, None]:
        connection = await self._connected()
        reader = Reader(
            store=connection.reading,
            client=connection.client,
            key=self._key(path),
            path=path,
            position=offset,
            end=None if length is None else offset + length,
            patience=self.patience.total_seconds(),
        )
        async with aclosing(reader.stream()) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _connected(self) -> Connection:
        if self._connection is None:
            # Reading certificates takes tens of milliseconds.
            self._connection = await self.context.run_blocking(connect, self.config, self.stall)
        return self._connection

    async def _is_folder(self, client: Client, path: StoragePath) -> bool:
        page = await client.page(self._prefix(path), most=1)
        return bool(page.items or page.prefixes)

    def _key(self, path: StoragePath) -> str:
        if path == "":
            raise PermanentError("storage.not_a_file", params={"path": "/"})
        if _CONTROL.search(path):
            raise ConfigurationError("storage.path_invalid")
        return f"{self.config.prefix}/{path}" if self.config.prefix else path

    def _prefix(self, path: StoragePath) -> str:
        """Return how the keys of everything below ``path`` begin."""
        parts = [part for part in (self.config.prefix, path) if part]
        return "/".join(parts) + "/" if parts else ""

    def _named(self, key: str, prefix: str) -> bool:
        """Tell whether a key is directly below ``prefix`` under a name that a path can hold."""
        name = key.removeprefix(prefix)
        return key.startswith(prefix) and name not in ("", ".", "..") and "/" not in name and not _CONTROL.search(name)

    def _path(self, key: str) -> StoragePath:
        return storage_path(key.removeprefix(self._prefix(StoragePath(""))))

    def _file(self, item: Item) -> StorageEntry:
        path = self._path(item.key)
        return StorageEntry(path=path, is_dir=False, size=item.size, modified=item.modified, etag=item.etag)


async def _whole(data: AsyncIterator[bytes], path: StoragePath, size: int | None) -> AsyncIterator[bytes]:
    """Pass ``data`` on; raise PermanentError at its end where it is not ``size`` bytes."""
    written = 0
    async for chunk in data:
        written += len(chunk)
        yield chunk
    if size is not None and written != size:
        raise PermanentError("storage.incomplete", params={"path": path, "written": written, "size": size})
