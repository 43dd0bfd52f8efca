"""The library as a part of the server's life."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from castcore_core.core import Core
from castcore_core.media.pool import Pool, Workers
from castcore_core.media.scans import Scans
from castcore_core.media.service import Library
from castcore_core.storage.service import Storage

_FRONT = 2
_MOST_BACK = 4
_NICE = 10


def back_size() -> int:
    """Return how many workers scan at once on this machine."""
    return max(1, min(_MOST_BACK, os.cpu_count() or 1))


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Provide :class:`Workers`, :class:`Library` and :class:`Scans`; the workers end with the server."""
    workers = Workers(front=Pool(_FRONT, keep=1), back=Pool(back_size(), nice=_NICE), size=back_size())
    core.provide(workers)
    core.provide(Library(core, core.get(Storage)))
    core.provide(Scans(core))
    try:
        yield
    finally:
        await workers.front.close()
        await workers.back.close()
