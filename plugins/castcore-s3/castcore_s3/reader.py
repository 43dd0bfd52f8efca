"""One read of an object: ranges that grow, the next one asked for before one ends, and resumed where one broke."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError, PreconditionError
from obstore.store import S3Store

from castcore_s3.client import Client
from castcore_sdk import PermanentError, StoragePath, TemporaryError

if TYPE_CHECKING:
    from obstore import GetOptions, GetResult

_FIRST, _LARGEST = 1024 * 1024, 64 * 1024 * 1024
"""Bytes of the first part and of the largest; each is four times the one before. Who only looks at a header stops
early, and whoever reads on costs few requests."""
_NEAR = 4 * 1024 * 1024
"""Bytes before the end of a part where the next one is asked for: the way to a service 40 ms off at 100 MB/s. Earlier,
its connection would stand idle for a reader that takes as much as it plays, until the service closes it."""
_PAUSES = (0.1, 2.0)
"""Seconds before the first new attempt, and at most before a later one."""
_FAILURES = (BaseError, OSError)
"""What obstore raises: its own, FileNotFoundError and other OSErrors."""


@dataclass(slots=True)
class Reader:
    """Reads ``key`` from ``position`` on, ``end`` (exclusive) at most; ``stream`` may be used once."""

    store: S3Store
    client: Client
    key: str
    path: StoragePath
    position: int
    end: int | None
    patience: float
    """Seconds without a byte, after which a read that has begun is given up. One that has not fails at once."""
    _etag: str | None = None
    _size: int | None = None
    _part: int = _FIRST
    _ahead: asyncio.Task[GetResult] | None = None
    _moved: float = field(default_factory=time.monotonic)
    _pause: float = _PAUSES[0]

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Yield the bytes. Raise NotFoundError, PermanentError ``s3.changed``, and whatever the service says."""
        try:
            while self.end is None or self.position < self.end:
                failed: type[BaseException] | None = None
                try:
                    part, begun = await self._next(), self.position
                    # As it comes (some 400 KB at a time from a fast server): what obstore gathers is lost in a break.
                    async for chunk in part.stream(min_chunk_size=1):
                        self._progress(len(chunk))
                        self._look_ahead(part.range[1])
                        yield chunk
                    if self.position == begun:
                        failed = BaseError
                except _FAILURES as error:
                    # Only its class: the text holds what was signed, and would hang on whatever is raised for it.
                    failed = type(error)
                if failed is not None and not await self._mend(failed):
                    return
        finally:
            self._drop()

    async def _next(self) -> GetResult:
        task, self._ahead = self._ahead, None
        part = await task if task is not None else await self._open(self.position)
        if part.range[0] != self.position:
            # The part before was shorter than it said.
            part = await self._open(self.position)
        if self._size is None:
            self._etag = part.meta["e_tag"]
            size = part.meta["size"]
            self.end = size if self.end is None else min(self.end, size)
            self._size = size
        elif part.meta["e_tag"] != self._etag:
            # Not every service heeds If-Match.
            raise self._changed()
        return part

    def _look_ahead(self, begin: int) -> None:
        """Ask for the part from ``begin`` on, once, where the one before is about to end there."""
        if self._ahead is None and self.end is not None and self.position + _NEAR >= begin < self.end:
            self._part = min(self._part * 4, _LARGEST)
            self._ahead = asyncio.ensure_future(self._open(begin))

    async def _open(self, begin: int) -> GetResult:
        end = begin + self._part
        options: GetOptions = {"range": (begin, end if self.end is None else min(end, self.end))}
        if self._etag:
            options["if_match"] = self._etag
        return await obstore.get_async(self.store, self.key, options=options)

    def _progress(self, count: int) -> None:
        self.position += count
        self._moved, self._pause = time.monotonic(), _PAUSES[0]

    async def _mend(self, failed: type[BaseException]) -> bool:
        """Ask the service what was wrong and wait for the next attempt; False where the object just ends here.

        Raise what it says where no attempt will help.
        """
        self._drop()
        if issubclass(failed, PreconditionError):
            raise self._changed()
        try:
            exists = await self.client.probe(self.key, self.path, self.position)
        except TemporaryError as error:
            await self._wait(error)
            return True
        if exists:
            await self._wait(TemporaryError("s3.interrupted"))
        elif self._size is not None:
            raise self._changed()
        return exists

    def _changed(self) -> PermanentError:
        return PermanentError("s3.changed", params={"path": self.path})

    async def _wait(self, problem: TemporaryError) -> None:
        pause = self._pause
        if problem.retry_after is not None:
            pause = max(pause, problem.retry_after.total_seconds())
        unheard = self._size is None and problem.code != "s3.interrupted"
        late = time.monotonic() + pause > self._moved + self.patience
        if unheard or late:
            raise problem
        self._part = _FIRST
        self._pause = min(self._pause * 2, _PAUSES[1])
        await asyncio.sleep(pause)

    def _drop(self) -> None:
        if self._ahead is not None:
            self._ahead.cancel()
            self._ahead.add_done_callback(_silence)
            self._ahead = None


def _silence(task: asyncio.Task[GetResult]) -> None:
    """Take the result of a part that nobody wants any more, so that its failure is not reported as forgotten."""
    if not task.cancelled():
        task.exception()
