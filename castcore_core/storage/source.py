"""Keep storage sources: where they are, and how their plugins are configured."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from castcore_core.accounts.role import Role
from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.db.revision import Expectation
from castcore_core.error import ConflictError, PreconditionError
from castcore_core.extensions.configuration import Configurations
from castcore_core.plugins.offer import Kind
from castcore_core.plugins.registry import Registered
from castcore_core.profiles.service import in_use
from castcore_core.storage.models import StorageSource
from castcore_core.streams.models import StreamJob
from castcore_sdk import StorageBackend, SupportsWrite, config_schema
from castcore_sdk.errors import NotFoundError

_FIELDS = ("name", "read_only", "automount", "rescan_interval")

Users = Callable[[UUID], Awaitable[Sequence[str]]]
"""Returns the names of whatever uses a source."""


class StorageSources:
    """All kept sources. ``users`` are asked before one is deleted; features add theirs."""

    def __init__(self, core: Core) -> None:
        self.users: list[Users] = []
        self._audit = core.get(Audit)
        self.configurations: Configurations[StorageBackend[Any]] = Configurations(
            core, Kind.STORAGE_BACKEND, table="storage_source"
        )

    def types(self) -> list[dict[str, Any]]:
        """Return what plugins say of the types that they bring."""
        return [_describe(each) for each in self.configurations.types()]

    async def find(
        self, wanted: Mapping[str, Any], *, order: Sequence[str], limit: int, offset: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Return rows and how many there are; ``wanted`` are Tortoise filters."""
        query = StorageSource.filter(**wanted)
        return await query.order_by(*order).limit(limit).offset(offset).values(), await query.count()

    async def get(self, source_id: UUID | str) -> StorageSource:
        """Return one. Raises NotFoundError ``storage.source_unknown``."""
        found = await StorageSource.get_or_none(id=source_id)
        if found is None:
            raise NotFoundError("storage.source_unknown")
        return found

    async def create(
        self, name: str, type_id: str, config: Mapping[str, Any], role: Role, **values: Any
    ) -> StorageSource:
        """Keep a source; ``values`` are ``read_only``, ``automount`` and ``rescan_interval``.

        Raises ConfigurationError for what does not fit, ConflictError for a name in use.
        """
        row_id = uuid4()
        stored = await self.configurations.make(row_id, type_id, config, role)
        try:
            async with in_transaction():
                row = await StorageSource.create(
                    id=row_id,
                    name=name,
                    type=type_id,
                    config=stored.public,
                    secrets=stored.locked,
                    config_version=stored.version,
                    **values,
                )
                await self._audit.record("storage.created", target=target(row))
        except IntegrityError:
            raise _duplicate() from None
        return row

    async def change(
        self, source_id: UUID, given: Mapping[str, Any], expected: Expectation, role: Role
    ) -> StorageSource:
        """Change the ``given`` fields, ``config`` field by field.

        Raises NotFoundError, PreconditionError, ConfigurationError, ConflictError.
        """
        before = await self.get(source_id)
        stored = None
        if given.get("config") is not None:
            stored = await self.configurations.change(before, given["config"], role)
        try:
            async with in_transaction():
                row = await self.get(source_id)
                expected.check(row.updated_at)
                if row.updated_at != before.updated_at and stored is not None:
                    raise PreconditionError("conflict.changed")
                changed = {key for key in _FIELDS if key in given and (given[key] is not None or key == _FIELDS[-1])}
                for key in changed:
                    setattr(row, key, given[key])
                if stored is not None:
                    changed |= {f"config.{key}" for key in given["config"]}
                    stored.put(row)
                    row.revision += 1
                await row.save()
                await self._audit.record("storage.changed", target=target(row), changed=changed)
        except IntegrityError:
            raise _duplicate() from None
        return row

    async def delete(self, source_id: UUID, *, force: bool = False) -> None:
        """Remove one.

        Raises NotFoundError; ConflictError ``conflict.in_use`` where something uses it, with ``force`` where a job that
        is wanted on air does.
        """
        row = await self.get(source_id)
        users = await self.jobs(source_id, on_air=force)
        if not force:
            for ask in self.users:
                users += await ask(source_id)
        if users:
            raise in_use(users)
        async with in_transaction():
            await row.delete()
            await self._audit.record("storage.deleted", target=target(row))

    async def jobs(self, source_id: UUID | str, *, on_air: bool) -> list[str]:
        """Return the names of the jobs that play from a source; ``on_air``: of those that are wanted there."""
        playing = StreamJob.filter(Q(source_kind="storage") | Q(media__source_id=source_id))
        rows = await playing.order_by("name").values("name", "source", "desired", "media__source_id")
        return [
            str(row["name"])
            for row in rows
            if str(source_id) in (row["source"].get("source_id"), str(row["media__source_id"]))
            and (not on_air or row["desired"] != "stopped")
        ]


def target(row: StorageSource) -> Target:
    """Return a source as the audit log names it."""
    return Target("storage_source", row.id, row.name)


def _describe(kind: Registered[type[StorageBackend[Any]]]) -> dict[str, Any]:
    item = kind.item
    return {
        "id": kind.id,
        "plugin": kind.plugin,
        "capabilities": ["write"] if issubclass(item, SupportsWrite) else [],
        "config_schema": config_schema(item.config_model),
    }


def _duplicate() -> ConflictError:
    return ConflictError("conflict.duplicate", params={"field": "name"})
