"""One write: stored as a whole or not at all, whatever the size and whoever gives up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import obstore
from obstore.store import S3Store

_PART = 8 * 1024 * 1024
"""Bytes of a part: with the 10 000 that S3 takes it makes files of 80 GB, two days of recording at 3.7 Mbit/s."""
_PARALLEL = 4
"""Parts under way: what is held in memory is this times a part."""


async def upload(store: S3Store, key: str, data: AsyncIterator[bytes]) -> None:
    """Store what ``data`` gives. Raise what obstore raises, and what ``data`` raises.

    It is an upload in parts: nothing is visible before its end. obstore takes the parts back when its source fails, but
    not when it is cancelled itself; so it runs in a task of its own, and a cancellation reaches it through its source.
    """
    source = _Source(data)
    task = asyncio.ensure_future(
        obstore.put_async(store, key, source.chunks(), use_multipart=True, chunk_size=_PART, max_concurrency=_PARALLEL)
    )
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        source.stop()
        await asyncio.wait({task})
        task.exception()
        raise


class StoppedError(Exception):
    """The upload was given up by its caller."""


class _Source:
    """The chunks of ``data`` until ``stop`` is called, then a failure."""

    def __init__(self, data: AsyncIterator[bytes]) -> None:
        self._data = data
        self._stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def stop(self) -> None:
        self._stopped.set_result(None)

    async def chunks(self) -> AsyncIterator[bytes]:
        while True:
            step = asyncio.ensure_future(self._step())
            waited: set[asyncio.Future[Any]] = {step, self._stopped}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if self._stopped.done():
                step.cancel()
                await asyncio.wait({step})
                raise StoppedError
            chunk = step.result()
            if chunk is None:
                return
            yield chunk

    async def _step(self) -> bytes | None:
        return await anext(self._data, None)
