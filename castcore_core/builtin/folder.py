"""A folder of this machine as a storage of media."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated
from uuid import uuid4

from pydantic import Field

from castcore_core.builtin.address import validator
from castcore_core.builtin.place import absolute_path
from castcore_core.builtin.root import Root
from castcore_sdk import (
    CastCoreError,
    CheckResult,
    ExtensionConfig,
    Params,
    PluginContext,
    Severity,
    StorageBackend,
    StorageEntry,
    StoragePath,
    SupportsWrite,
    TemporaryError,
    ui,
)

CHUNK = 1 << 20
_LISTED_AT_ONCE = 256


class LocalFolderConfig(ExtensionConfig):
    """Which folder."""

    root: Annotated[str, validator(absolute_path), Field(json_schema_extra=ui(widget="path"))]
    """Absolute path of the folder. Nothing outside of it can be reached, not through symbolic links either."""


class LocalFolder(StorageBackend[LocalFolderConfig], SupportsWrite):
    """A folder of this machine, or anything that is mounted there."""

    id = "local"

    def __init__(self, config: LocalFolderConfig, context: PluginContext) -> None:
        super().__init__(config, context)
        self._root = Root(config.root)

    async def check(self) -> Sequence[CheckResult]:
        """See whether the folder can be listed."""
        params = {"path": self.config.root}
        try:
            await self.context.run_blocking(lambda: list(islice(self._root.entries(StoragePath("")), 1)))
        except CastCoreError as error:
            return [CheckResult(code=error.code, severity=Severity.ERROR, params=error.params, config_field="root")]
        return [CheckResult(code="storage.readable", severity=Severity.OK, params=params)]

    async def list_dir(self, path: StoragePath, /) -> AsyncIterator[StorageEntry]:
        """Yield the children that can be reached; links out of the root and special files are left out."""
        entries = self._root.entries(path)
        while batch := await self.context.run_blocking(lambda: list(islice(entries, _LISTED_AT_ONCE))):
            for entry in batch:
                yield entry

    async def stat(self, path: StoragePath, /) -> StorageEntry:
        """Describe one file or directory."""
        return await self.context.run_blocking(self._root.entry, path)

    def read(
        self, path: StoragePath, /, *, offset: int = 0, length: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a file and give its bytes in pieces of 1 MiB at most."""
        return self._reader(path, offset, length)

    async def local_path(self, path: StoragePath, /) -> Path | None:
        """Return the real path: ffmpeg opens it itself."""
        return await self.context.run_blocking(self._root.locate, path)

    async def write(self, path: StoragePath, data: AsyncIterator[bytes], /, *, size: int | None = None) -> StorageEntry:
        """Write beside the place and move it there when it is whole. Missing folders are made.

        Raise TemporaryError ``storage.incomplete`` when ``data`` is not ``size`` bytes long.
        """
        part = f".castcore-{uuid4().hex}"
        blocking = self.context.run_blocking
        with ExitStack() as stack:
            folder, name = await blocking(stack.enter_context, self._root.parent(path, make=True))
            descriptor = await blocking(_create, part, folder)
            try:
                written = await self._fill(descriptor, data)
                if size is not None and written != size:
                    params: Params = {"path": path, "size": size, "written": written}
                    raise TemporaryError("storage.incomplete", params=params)
                await blocking(os.fsync, descriptor)
                os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                os.unlink(part, dir_fd=folder)
                raise
            finally:
                os.close(descriptor)
        return await self.stat(path)

    async def delete(self, path: StoragePath, /) -> None:
        """Remove a file, a link or an empty directory, never the root."""

        def remove() -> None:
            with self._root.parent(path) as (folder, name):
                try:
                    os.unlink(name, dir_fd=folder)
                except IsADirectoryError:
                    os.rmdir(name, dir_fd=folder)

        await self.context.run_blocking(remove)

    async def _fill(self, descriptor: int, data: AsyncIterator[bytes]) -> int:
        written = 0
        async for piece in data:
            rest = memoryview(piece)
            while rest:
                rest = rest[await self.context.run_blocking(os.write, descriptor, rest) :]
            written += len(piece)
        return written

    @asynccontextmanager
    async def _reader(self, path: StoragePath, offset: int, length: int | None) -> AsyncIterator[AsyncIterator[bytes]]:
        descriptor = await self.context.run_blocking(self._root.open_file, path)
        try:
            yield self._pieces(descriptor, offset, length)
        finally:
            os.close(descriptor)

    async def _pieces(self, descriptor: int, offset: int, length: int | None) -> AsyncIterator[bytes]:
        end = None if length is None else offset + length
        while end is None or offset < end:
            wanted = CHUNK if end is None else min(CHUNK, end - offset)
            piece = await self.context.run_blocking(os.pread, descriptor, wanted, offset)
            if not piece:
                return
            yield piece
            offset += len(piece)


def _create(name: str, folder: int) -> int:
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666, dir_fd=folder)
