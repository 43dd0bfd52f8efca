"""The plugin's backend behind the guard: every call has a time limit, and what it comes to is remembered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from castcore_core.plugins.breadcrumb import Trail
from castcore_core.plugins.context import HostContext
from castcore_core.plugins.guard import Guard
from castcore_core.plugins.lane import GuardLimits, Lane
from castcore_core.plugins.loading import load_module
from castcore_core.plugins.offer import Kind
from castcore_core.plugins.secret import secrets_in, secrets_of
from castcore_core.plugins.state import LoadError
from castcore_core.storage.wire import ENTRIES_AT_ONCE
from castcore_core.storage.worker.health import Health
from castcore_core.storage.worker.order import Order
from castcore_core.storage.worker.reading import Reading
from castcore_sdk import (
    CastCoreError,
    CheckResult,
    Event,
    ExtensionConfig,
    PermanentError,
    StorageBackend,
    StorageEntry,
    StoragePath,
    SupportsWrite,
    TemporaryError,
    parse_config,
    storage_path,
)

R = TypeVar("R")

CALL_SECONDS = 15.0
"""Time for one call, one entry of a listing, one piece of a file, where the plugin names no other."""
_BATCH_SECONDS = 0.2
_LIMITS = GuardLimits(default=CALL_SECONDS, grace=3.0, failures=1 << 30, threads=16, waiting=256)
"""No circuit breaker in here: readers come back by themselves, and the server has its own."""
_log = logging.getLogger(__name__)


class Backend:
    """One configured backend."""

    def __init__(
        self, extension: StorageBackend[Any], context: HostContext, lane: Lane, guard: Guard, health: Health
    ) -> None:
        self.health = health
        self._extension = extension
        self._context = context
        self._lane = lane
        self._guard = guard
        self._started = False
        self._starting = asyncio.Lock()

    @classmethod
    def load(cls, order: Order, on_health: Callable[[], None]) -> Backend:
        """Import the one plugin and make its backend. Raises CastCoreError.

        ``on_health`` is called whenever the storage comes, goes or hangs.
        """
        sys.path[:] = order.path
        guard = Guard(Trail(), _LIMITS)
        try:
            inspection = load_module(guard.trail, order.plugin, order.module)
        except LoadError as error:
            raise PermanentError(error.reason.code, params=error.reason.params, detail=error.reason.detail) from None
        kind = next(
            (
                each.item
                for each in inspection.contributions
                if each.offer.kind is Kind.STORAGE_BACKEND and each.offer.id == order.extension
            ),
            None,
        )
        if kind is None:
            raise PermanentError("extensions.type_unknown", params={"type": order.extension})
        config = _parsed(guard, order, kind)
        secrets = tuple(secrets_of(config))
        context = HostContext(
            order.plugin,
            order.source,
            folder=Path(order.data) / order.plugin,
            pool=guard.pool(order.plugin),
            emit=_drop,
            secrets=secrets,
            films=True,
        )
        lane = guard.lane(
            order.plugin, order.extension, parallel=kind.max_parallel, timeouts=kind.timeouts, secrets=secrets
        )
        return cls(lane.call_sync(kind, config, context), context, lane, guard, Health(on_health))

    @property
    def writable(self) -> bool:
        """Say whether the backend takes files."""
        return isinstance(self._extension, SupportsWrite)

    async def check(self) -> list[CheckResult]:
        """Let the backend test its connection. Raises CastCoreError."""
        return list(await self._call(self._extension.check))

    async def entries(self, path: StoragePath) -> AsyncGenerator[list[StorageEntry], None]:
        """Yield the children of a directory, some at a time; what the backend says that is no child is left out."""
        await self._ready()
        listing = self._lane.call_sync(self._extension.list_dir, path)

        async def list_dir() -> list[StorageEntry]:
            return await _some(listing)

        running = True
        try:
            while running:
                running = False  # a listing that failed or is stuck cannot be closed either
                found = await self._told(self._lane.call(list_dir))
                running = len(found) > 0
                yield [entry for entry in found if _is_child(path, entry)]
        finally:
            if running and isinstance(listing, AsyncGenerator):
                await self._lane.release(listing.aclose)

    async def stat(self, path: StoragePath) -> StorageEntry:
        """Describe one file or directory. Raises CastCoreError."""
        return await self._call(self._extension.stat, path)

    async def local_path(self, path: StoragePath) -> Path | None:
        """Return where ffmpeg may open the file by itself. Raises CastCoreError."""
        return await self._call(self._extension.local_path, path)

    @asynccontextmanager
    async def read(
        self, path: StoragePath, *, offset: int = 0, length: int | None = None, ahead: int = 0
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file; about ``ahead`` bytes are fetched before they are asked for. Raises CastCoreError."""
        await self._ready()
        reading = Reading(self._lane.long_call("read"), self._extension, path, offset, length, ahead)
        try:
            yield self._pieces(reading)
        finally:
            reading.close()

    async def write(self, path: StoragePath, data: AsyncIterator[bytes], size: int | None) -> StorageEntry:
        """Store a file. Raises CastCoreError, PermanentError ``storage.write_unsupported``."""
        extension = self._extension
        if not isinstance(extension, SupportsWrite):
            raise PermanentError("storage.write_unsupported")
        await self._ready()
        call = self._lane.long_call("write")

        async def fed() -> AsyncIterator[bytes]:
            while True:
                async with call.idle():
                    piece = await anext(data, None)
                if piece is None:
                    return
                yield piece

        return await self._told(call.run(lambda: extension.write(path, fed(), size=size)))

    async def delete(self, path: StoragePath) -> None:
        """Remove a file or an empty directory. Raises CastCoreError, PermanentError ``storage.write_unsupported``."""
        extension = self._extension
        if not isinstance(extension, SupportsWrite):
            raise PermanentError("storage.write_unsupported")
        await self._call(extension.delete, path)

    async def close(self) -> None:
        """Let the backend go, whatever it does."""
        with contextlib.suppress(CastCoreError):
            await self._lane.release(self._extension.close)
        await self._context.aclose()
        await self._guard.aclose()

    async def _pieces(self, reading: Reading) -> AsyncIterator[bytes]:
        while (piece := await self._told(reading.next())) is not None:
            yield piece

    async def _call(self, method: Callable[..., Awaitable[R]], *args: Any) -> R:
        await self._ready()
        return await self._told(self._lane.call(method, *args))

    async def _ready(self) -> None:
        """Let the backend acquire its resources, once; a failure is its caller's, and the next caller tries again."""
        async with self._starting:
            if not self._started:
                await self._told(self._lane.call(self._extension.start))
                self._started = True

    async def _told(self, answer: Awaitable[R]) -> R:
        """Return the answer of the backend, and remember how it went."""
        begun = time.monotonic()
        try:
            value = await answer
        except CastCoreError as error:
            failure = error
            if error.code == "plugins.call_timeout":
                self.health.hung(begun)
                failure = TemporaryError("storage.timeout", params={"seconds": error.params.get("seconds", 0)})
            self.health.note(failure)
            raise failure from None
        self.health.note(None)
        return value


def _parsed(guard: Guard, order: Order, kind: Any) -> ExtensionConfig:
    model = kind.config_model
    raw = guard.lane(order.plugin, order.extension).call_sync(secrets_in, model, order.config)
    lane = guard.lane(order.plugin, order.extension, secrets=raw)
    parsed: ExtensionConfig = lane.call_sync(parse_config, model, order.config)
    return parsed


async def _some(listing: AsyncIterator[StorageEntry]) -> list[StorageEntry]:
    """Return the next entries, none at the end: as many as come without a long wait."""
    found = []
    until = time.monotonic() + _BATCH_SECONDS
    async for entry in listing:
        found.append(entry)
        if len(found) >= ENTRIES_AT_ONCE or time.monotonic() > until:
            break
    return found


def _is_child(folder: StoragePath, entry: object) -> bool:
    """Say whether what a backend lists is a child of ``folder``: its path is what others will ask for."""
    if not isinstance(entry, StorageEntry):
        return False
    try:
        path = storage_path(entry.path)
    except (CastCoreError, TypeError, AttributeError):
        return False
    parent, _, name = path.rpartition("/")
    return bool(name) and parent == folder and path == entry.path


async def _drop(plugin: str, event: Event) -> None:
    _log.debug("plugin %s: event %s goes nowhere", plugin, event.name)
