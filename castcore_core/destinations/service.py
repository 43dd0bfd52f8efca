"""Keep destinations and try them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from castcore_core.accounts.role import Role
from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.db.revision import Expectation
from castcore_core.destinations.kind import addresses_and_paths, describe, kind_of, parse
from castcore_core.destinations.models import StreamDestination
from castcore_core.destinations.secret import join, lock, merge, split, unlock
from castcore_core.error import ConflictError, PreconditionError
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.instance import Instance
from castcore_core.profiles.service import in_use
from castcore_core.streams.desired import wake
from castcore_core.streams.models import JobOutput
from castcore_core.streams.reach import Reach
from castcore_sdk import CastCoreError, CheckResult, Destination, ExtensionConfig, Severity
from castcore_sdk.errors import NotFoundError

_TEST_S = 15.0


@dataclass(frozen=True, slots=True)
class _Stored:
    """A configuration as the database keeps it."""

    public: dict[str, Any]
    locked: str | None
    version: int


class Destinations:
    """All kept destinations."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._audit = core.get(Audit)
        self._host = core.get(PluginHost)

    def types(self) -> list[dict[str, Any]]:
        """Return what plugins say of the types that they bring."""
        return [describe(kind) for _, kind in sorted(self._host.registry.destinations.items())]

    def has_type(self, type_id: str) -> bool:
        """Tell whether the plugin of a type is loaded."""
        return type_id in self._host.registry.destinations

    async def find(
        self, wanted: Mapping[str, Any], *, order: Sequence[str], limit: int, offset: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Return rows and how many there are; ``wanted`` are Tortoise filters."""
        query = StreamDestination.filter(**wanted)
        return await query.order_by(*order).limit(limit).offset(offset).values(), await query.count()

    async def get(self, destination_id: UUID) -> StreamDestination:
        """Return one. Raises NotFoundError ``destinations.not_found``."""
        found = await StreamDestination.get_or_none(id=destination_id)
        if found is None:
            raise NotFoundError("destinations.not_found")
        return found

    async def create(
        self, name: str, type_id: str, config: Mapping[str, Any], role: Role, *, enabled: bool = True
    ) -> StreamDestination:
        """Keep a destination. Raises ConfigurationError for what does not fit, ConflictError for a name in use."""
        kind = kind_of(self._host, type_id)
        parsed = parse(self._host, kind, config)
        await self.check_places(parsed, role)
        public, secrets = split(parsed)
        row_id = uuid4()
        try:
            async with in_transaction():
                row = await StreamDestination.create(
                    id=row_id,
                    name=name,
                    type=type_id,
                    enabled=enabled,
                    config=public,
                    secrets=lock(self._core.ring, row_id, secrets),
                    config_version=kind.item.config_version,
                )
                await self._audit.record("destinations.created", target=_target(row))
        except IntegrityError:
            raise _duplicate() from None
        return row

    async def change(
        self, destination_id: UUID, given: Mapping[str, Any], expected: Expectation, role: Role
    ) -> StreamDestination:
        """Change the ``given`` fields, ``config`` field by field.

        A destination on air is sent to again with what is new. Raises NotFoundError, PreconditionError,
        ConfigurationError, ConflictError.
        """
        before = await self.get(destination_id)
        stored = None
        if given.get("config") is not None:
            stored = await self._configured(before, given["config"], role)
        try:
            async with in_transaction():
                row = await self.get(destination_id)
                expected.check(row.updated_at)
                if row.updated_at != before.updated_at and stored is not None:
                    raise PreconditionError("conflict.changed")
                changed = {key for key in ("name", "enabled") if given.get(key) is not None}
                for key in changed:
                    setattr(row, key, given[key])
                if stored is not None:
                    changed |= {f"config.{key}" for key in given["config"]}
                    row.config, row.config_version = stored.public, stored.version
                    row.secrets = stored.locked  # type: ignore[assignment]
                    row.revision += 1
                await row.save()
                await self._audit.record("destinations.changed", target=_target(row), changed=changed)
        except IntegrityError:
            raise _duplicate() from None
        await wake(self._core.bus, "*")
        return row

    async def delete(self, destination_id: UUID, *, force: bool = False) -> None:
        """Remove one.

        Raises NotFoundError; ConflictError ``conflict.in_use`` where jobs send to it, with ``force`` where one of
        them is wanted on air.
        """
        async with in_transaction():
            row = await self.get(destination_id)
            users = await JobOutput.filter(destination_id=destination_id).values("job__name", "job__desired")
            busy = users if not force else [each for each in users if each["job__desired"] != "stopped"]
            if busy:
                raise in_use([str(each["job__name"]) for each in busy])
            await JobOutput.filter(destination_id=destination_id).delete()
            await row.delete()
            await self._audit.record("destinations.deleted", target=_target(row))

    async def test(self, destination_id: UUID) -> list[CheckResult]:
        """Let the plugin look whether the destination would take a stream; within 15 s, nothing is published."""
        row = await self.get(destination_id)
        await self._audit.record("destinations.tested", target=_target(row))
        return await self.check(row)

    async def check(self, row: StreamDestination, *, timeout: float = _TEST_S) -> list[CheckResult]:
        """Return what the plugin finds; its failure is a result too."""
        try:
            async with asyncio.timeout(timeout):
                return await self._ask(row)
        except TimeoutError:
            params: dict[str, str | int | float | bool] = {"destination": row.name, "seconds": round(timeout)}
            return [CheckResult(code="destinations.test_timeout", severity=Severity.ERROR, params=params)]
        except CastCoreError as error:
            return [CheckResult(code=error.code, severity=Severity.ERROR, params=error.params)]

    def instance(self, row: StreamDestination, *, name: str) -> Instance[Destination[Any]]:
        """Return a destination as its plugin makes it, not started. Raises CastCoreError."""
        kind = kind_of(self._host, row.type)
        return self._host.create(kind, self._whole(row), instance=name)

    async def check_places(self, config: ExtensionConfig, role: Role, *, only: set[str] | None = None) -> None:
        """Raise ConfigurationError for an address or a path that ``role`` may not name; ``only`` limits the fields."""
        reach = self._core.get(Reach)
        for kind, field, value in addresses_and_paths(config):
            if only is not None and field.partition(".")[0] not in only:
                continue
            if kind == "path":
                await reach.check_path(value, role, f"config.{field}")
            else:
                await reach.check_address(value, f"config.{field}")

    async def _ask(self, row: StreamDestination) -> list[CheckResult]:
        instance = self.instance(row, name=f"test-{row.id}")
        try:
            await self.check_places(instance.extension.config, Role.ADMIN)
            await instance.start()
            return list(await instance.call(instance.extension.check))
        finally:
            with contextlib.suppress(CastCoreError):
                await instance.close()

    async def _configured(self, row: StreamDestination, given: Mapping[str, Any], role: Role) -> _Stored:
        kind = kind_of(self._host, row.type)
        parsed = parse(self._host, kind, merge(self._whole(row), given))
        await self.check_places(parsed, role, only=set(given))
        public, secrets = split(parsed)
        return _Stored(public, lock(self._core.ring, row.id, secrets), kind.item.config_version)

    def _whole(self, row: StreamDestination) -> dict[str, Any]:
        whole = join(row.config, unlock(self._core.ring, row.id, row.secrets))
        kind = kind_of(self._host, row.type)
        if row.config_version != kind.item.config_version:
            return dict(self._host.migrate_config(kind, whole, from_version=row.config_version))
        return whole


def _target(row: StreamDestination) -> Target:
    return Target("destination", row.id, row.name)


def _duplicate() -> ConflictError:
    return ConflictError("conflict.duplicate", params={"field": "name"})


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Provide :class:`Destinations`."""
    core.provide(Destinations(core))
    yield
