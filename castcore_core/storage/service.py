"""Use what lies in storage sources: every call goes to the worker of its source."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote
from uuid import UUID

import castcore_core
from castcore_core.accounts.role import Role
from castcore_core.audit import Audit
from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.error import ConflictError
from castcore_core.plugins.host import PluginHost
from castcore_core.profiles.service import in_use
from castcore_core.storage.client import was_left
from castcore_core.storage.keeper import Keeper, Mount
from castcore_core.storage.models import StorageSource
from castcore_core.storage.source import StorageSources, target
from castcore_core.storage.worker.order import Order
from castcore_sdk import (
    CastCoreError,
    CheckResult,
    NotFoundError,
    PermanentError,
    Severity,
    StorageBackend,
    StorageEntry,
    SupportsWrite,
    TemporaryError,
    storage_path,
)

R = TypeVar("R")

IDLE_SECONDS = 300.0
"""A worker that nobody has used for so long ends, unless its source is to be there always."""
MOST_ENTRIES = 100_000
"""Of one directory, where all are wanted at once; a walk has no such limit."""
_CALL_SECONDS = 20.0
_DRAIN_SECONDS = 5.0
_DEEPEST = 64
_CHANNEL = "storage.state"


class Storage:
    """All sources in use. ``idle`` is in seconds."""

    def __init__(self, core: Core, *, idle: float = IDLE_SECONDS) -> None:
        self._core = core
        self._sources = core.get(StorageSources)
        self._idle = idle
        self._folder = core.folder.run / "storage"
        self._keepers: dict[str, Keeper] = {}
        self._telling: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Find the workers that live; start those that somebody may still need, or that are to be there always."""
        for row in await StorageSource.all():
            if row.automount and not row.mounted:
                await StorageSource.filter(id=row.id).update(mounted=True)
                row.mounted = True
            if row.mounted and (row.automount or was_left(self._folder, row.id)):
                self.keep(row)

    def keep(self, row: StorageSource) -> None:
        """Have the worker of a source, as long as there is need of it."""
        self._keeper_of(row)

    async def aclose(self) -> None:
        """Let go of the workers, which go on."""
        keepers, self._keepers = list(self._keepers.values()), {}
        await asyncio.gather(*(each.close() for each in keepers))
        await asyncio.gather(*self._telling, return_exceptions=True)

    async def entries(self, source_id: UUID | str, path: str = "") -> list[StorageEntry]:
        """Return the children of a directory, in the order of the storage. Raises CastCoreError ``storage.…``."""
        keeper, _ = await self._use(source_id)
        found: list[StorageEntry] = []

        async def collect() -> None:
            async for entry in (await keeper.worker()).entries(storage_path(path)):
                found.append(entry)
                if len(found) > MOST_ENTRIES:
                    raise PermanentError("storage.too_many", params={"most": MOST_ENTRIES})

        await _timed(collect())
        return found

    async def walk(self, source_id: UUID | str, path: str = "") -> AsyncGenerator[StorageEntry, None]:
        """Yield every file below a directory as the storage lists them; no list of all of them is ever held.

        Raises CastCoreError ``storage.…``, also amid; what vanishes meanwhile is left out.
        """
        keeper, _ = await self._use(source_id)
        waiting = [storage_path(path)]
        while waiting:
            folder = waiting.pop()
            try:
                async for entry in (await keeper.worker()).entries(folder):
                    if not entry.is_dir:
                        yield entry
                    elif entry.path.count("/") < _DEEPEST:
                        waiting.append(entry.path)
            except NotFoundError:
                if folder == storage_path(path):
                    raise

    async def stat(self, source_id: UUID | str, path: str) -> StorageEntry:
        """Describe one file or directory. Raises CastCoreError ``storage.…``."""
        keeper, _ = await self._use(source_id)

        async def ask() -> StorageEntry:
            return await (await keeper.worker()).stat(storage_path(path))

        return await _timed(ask())

    async def locate(self, source_id: UUID | str, path: str) -> Path | str:
        """Return where a file is read: a path of this machine, or an address of the worker's gateway.

        An address stays true over restarts of worker and server, is of use to our own user alone, and is given whether
        or not the storage answers at the moment. Raises CastCoreError ``storage.…``.
        """
        keeper, row = await self._use(source_id)
        place = storage_path(path)
        if self._may_be_local(row):

            async def ask() -> Path | None:
                return await (await keeper.worker()).local(place)

            if (local := await _timed(ask())) is not None:
                return local
        return (await keeper.process()).base + quote(place)

    @asynccontextmanager
    async def read(
        self, source_id: UUID | str, path: str, *, offset: int = 0, length: int | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file and give its bytes. Raises CastCoreError ``storage.…``, also while it is read."""
        keeper, _ = await self._use(source_id)
        worker = await keeper.worker()
        async with worker.read(storage_path(path), offset=offset, length=length) as pieces:
            yield pieces

    async def write(
        self, source_id: UUID | str, path: str, data: AsyncIterator[bytes], *, size: int | None = None
    ) -> StorageEntry:
        """Store a file as a whole or not at all. Raises CastCoreError ``storage.…``, and what ``data`` raises."""
        keeper, row = await self._use(source_id)
        self._check_writable(row)
        return await (await keeper.worker()).write(storage_path(path), data, size)

    async def delete(self, source_id: UUID | str, path: str) -> None:
        """Remove a file or an empty directory. Raises CastCoreError ``storage.…``."""
        keeper, row = await self._use(source_id)
        self._check_writable(row)

        async def ask() -> None:
            await (await keeper.worker()).delete(storage_path(path))

        await _timed(ask())

    async def check(self, source_id: UUID | str) -> list[CheckResult]:
        """Test the connection; a failure is a result too. Raises NotFoundError."""
        row = await self._sources.get(source_id)
        await self._core.get(Audit).record("storage.tested", target=target(row))

        async def ask() -> list[CheckResult]:
            return await (await self._keeper_of(row).process()).check()

        try:
            return await _timed(ask())
        except CastCoreError as error:
            field = getattr(error, "field", None)
            return [CheckResult(code=error.code, severity=Severity.ERROR, params=error.params, config_field=field)]

    async def mount(self, source_id: UUID | str) -> Mount:
        """Start the worker of a source and keep it. Raises CastCoreError where it cannot be started."""
        row = await self._sources.get(source_id)
        if not row.mounted:
            await StorageSource.filter(id=row.id).update(mounted=True)
            row.mounted = True
        await self._core.get(Audit).record("storage.mounted", target=target(row))
        keeper = self._keeper_of(row, stay=True)
        await keeper.process()
        return keeper.mount()

    async def unmount(self, source_id: UUID | str, *, force: bool = False) -> Mount:
        """End the worker of a source and refuse its use until it is mounted again.

        Raises ConflictError, unless forced: ``conflict.in_use`` where jobs on air play from it, whether or not they
        have a file open at the moment, ``storage.being_read`` where anybody else reads from it.
        """
        row = await self._sources.get(source_id)
        if not force:
            if jobs := await self._sources.jobs(row.id, on_air=True):
                raise in_use(jobs)
            if readers := self.status(row).readers:
                raise ConflictError("storage.being_read", params={"source": row.name, "readers": readers})
        await StorageSource.filter(id=row.id).update(mounted=False)
        await self._core.get(Audit).record("storage.unmounted", target=target(row))
        await self.forget(source_id)
        row.mounted = False
        return self.status(row)

    def status(self, row: StorageSource) -> Mount:
        """Return how a source does."""
        keeper = self._keepers.get(str(row.id))
        if keeper is None or not row.mounted:
            return Mount(state="unmounted", since=row.updated_at)
        return keeper.mount()

    async def changed(self, row: StorageSource) -> None:
        """Let the worker of a source take over its new configuration."""
        keeper = self._keepers.get(str(row.id))
        if keeper is not None:
            keeper.stay = row.automount
            await keeper.replace(self._revision(row))
        elif row.automount and row.mounted:
            self.keep(row)

    async def forget(self, source_id: UUID | str) -> None:
        """End the worker of a source."""
        keeper = self._keepers.pop(str(source_id), None)
        if keeper is not None:
            await keeper.close(drain=_DRAIN_SECONDS)

    async def _use(self, source_id: UUID | str) -> tuple[Keeper, StorageSource]:
        row = await self._sources.get(source_id)
        if not row.mounted:
            raise TemporaryError("storage.unmounted", params={"source": row.name})
        return self._keeper_of(row), row

    def _keeper_of(self, row: StorageSource, *, stay: bool = False) -> Keeper:
        key = str(row.id)
        keeper = self._keepers.get(key)
        if keeper is None or keeper.ended:
            keeper = self._keepers[key] = Keeper(
                self._folder,
                key,
                self._order_maker(row.id),
                idle=self._idle,
                stay=row.automount or stay,
                on_change=self._tell,
            )
        keeper.stay = keeper.stay or stay
        return keeper

    def _order_maker(self, source_id: UUID) -> Callable[[], Awaitable[Order]]:
        async def make() -> Order:
            return await self._order(await self._sources.get(source_id))

        return make

    async def _order(self, row: StorageSource) -> Order:
        host, configurations = self._core.get(PluginHost), self._sources.configurations
        registered = configurations.type_of(row.type)
        config = configurations.whole(row)
        await configurations.check_places(host.parse_config(registered, config), Role.ADMIN)
        return Order(
            source=str(row.id),
            plugin=registered.plugin,
            module=host.record(registered.plugin).manifest.module,
            extension=registered.id,
            revision=self._revision(row),
            data=str((self._core.folder.root / "plugins" / "data").absolute()),
            path=_search_path(),
            config=config,
            idle=self._idle,
        )

    def _revision(self, row: StorageSource) -> str:
        """Return what changes whenever the worker of a source would be another one. Raises CastCoreError."""
        plugin = self._sources.configurations.type_of(row.type).plugin
        manifest = self._core.get(PluginHost).record(plugin).manifest
        return ":".join(map(str, (castcore_core.__version__, manifest.version, manifest.record, row.revision)))

    def _may_be_local(self, row: StorageSource) -> bool:
        kind = self._sources.configurations.type_of(row.type).item
        return kind.local_path is not StorageBackend.local_path

    def _check_writable(self, row: StorageSource) -> None:
        if row.read_only:
            raise PermanentError("storage.read_only", params={"source": row.name})
        if not issubclass(self._sources.configurations.type_of(row.type).item, SupportsWrite):
            raise PermanentError("storage.write_unsupported", params={"source": row.name})

    def _tell(self, keeper: Keeper) -> None:
        mount = keeper.mount()
        error = mount.error if mount.state == "failing" else None
        event = {
            "source": keeper.source_id,
            "state": mount.state,
            "code": error.code if error else "",
            "params": dict(error.params) if error else {},
            "at": utc_now().isoformat(),
        }
        task = asyncio.create_task(self._core.bus.publish(f"{_CHANNEL}.{keeper.source_id}", event))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)


def folders_first(entries: Sequence[StorageEntry]) -> list[StorageEntry]:
    """Return entries as people look for them: folders first, by name without regard to case."""
    return sorted(entries, key=lambda entry: (not entry.is_dir, entry.path.casefold(), entry.path))


def _search_path() -> tuple[str, ...]:
    """Return where this process finds modules, without what depends on its working directory."""
    return tuple(os.path.abspath(each) for each in sys.path if each)  # noqa: PTH100


async def _timed(answer: Awaitable[R]) -> R:
    """Return the answer within 20 s. Raises TemporaryError ``storage.timeout``."""
    try:
        async with asyncio.timeout(_CALL_SECONDS):
            return await answer
    except TimeoutError:
        raise TemporaryError("storage.timeout", params={"seconds": round(_CALL_SECONDS)}) from None
