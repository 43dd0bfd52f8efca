"""Storage as a part of the server's life."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from castcore_core.core import Core
from castcore_core.storage.service import Storage
from castcore_core.storage.source import StorageSources


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Provide :class:`StorageSources` and :class:`Storage`; workers outlive the block."""
    core.provide(StorageSources(core))
    storage = Storage(core)
    core.provide(storage)
    await storage.open()
    try:
        yield
    finally:
        await storage.aclose()
