"""A started storage for a test, and short ways to use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from s3_double import Double, Request

from castcore_s3.config import S3Config
from castcore_s3.storage import S3Storage
from castcore_sdk import StoragePath, parse_config
from castcore_sdk.testing import MemoryContext


class Hasty(S3Storage):
    """The storage with little patience, so that tests of stalls are short."""

    stall = timedelta(seconds=1)
    patience = timedelta(seconds=5)


@asynccontextmanager
async def opened(server: Double, **changes: object) -> AsyncIterator[tuple[S3Storage, MemoryContext]]:
    """Give a started storage and its context."""
    async with MemoryContext(plugin_id="s3") as context:
        storage = Hasty(parse_config(S3Config, server.config(**changes)), context)
        await storage.start()
        try:
            yield storage, context
        finally:
            await storage.close()


async def read(storage: S3Storage, path: str, *, offset: int = 0, length: int | None = None) -> bytes:
    """Return what a file holds."""
    async with storage.read(StoragePath(path), offset=offset, length=length) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def names(storage: S3Storage, path: str = "") -> list[str]:
    """Return the paths below a directory, directories with a slash at the end."""
    return [entry.path + "/" * entry.is_dir async for entry in storage.list_dir(StoragePath(path))]


async def asked(server: Double, wanted: Callable[[Request], bool], count: int) -> None:
    """Wait until the server was asked ``count`` times for what is wanted."""
    while sum(map(wanted, server.requests)) < count:  # noqa: ASYNC110  the server is in threads
        await asyncio.sleep(0.01)


async def pieces(*data: bytes) -> AsyncIterator[bytes]:
    """Yield what is given."""
    for one in data:
        yield one
