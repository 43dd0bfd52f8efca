"""Keep destinations and try them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from castcore_core.accounts.role import Role
from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.db.revision import Expectation
from castcore_core.destinations.kind import describe
from castcore_core.destinations.models import StreamDestination
from castcore_core.error import ConflictError, PreconditionError
from castcore_core.extensions.configuration import Configurations
from castcore_core.platforms.models import PlatformAccount
from castcore_core.platforms.service import PlatformAccounts
from castcore_core.plugins.context import Connect
from castcore_core.plugins.offer import Kind
from castcore_core.profiles.service import in_use
from castcore_core.streams.desired import wake
from castcore_core.streams.models import JobOutput
from castcore_sdk import CheckResult, ConfigurationError, Destination
from castcore_sdk.errors import NotFoundError

SHOWN = (
    *("id", "name", "type", "enabled", "config", "secrets", "revision", "created_at", "updated_at"),
    *("account_id", "account__name", "account__state"),
)


class Destinations:
    """All kept destinations."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._audit = core.get(Audit)
        self.configurations: Configurations[Destination[Any]] = Configurations(
            core, Kind.DESTINATION, table="stream_destination", connect=self._connect
        )

    def types(self) -> list[dict[str, Any]]:
        """Return what plugins say of the types that they bring."""
        return [describe(each) for each in self.configurations.types()]

    async def find(
        self, wanted: Mapping[str, Any], *, order: Sequence[str], limit: int, offset: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Return rows and how many there are; ``wanted`` are Tortoise filters."""
        query = StreamDestination.filter(**wanted)
        return await query.order_by(*order).limit(limit).offset(offset).values(*SHOWN), await query.count()

    async def get(self, destination_id: UUID) -> StreamDestination:
        """Return one. Raises NotFoundError ``destinations.not_found``."""
        found = await StreamDestination.get_or_none(id=destination_id)
        if found is None:
            raise NotFoundError("destinations.not_found")
        return found

    async def create(
        self,
        name: str,
        type_id: str,
        config: Mapping[str, Any],
        role: Role,
        *,
        enabled: bool = True,
        account: UUID | None = None,
    ) -> StreamDestination:
        """Keep a destination. Raises ConfigurationError for what does not fit, ConflictError for a name in use."""
        row_id = uuid4()
        await _check_account(account, type_id)
        stored = await self.configurations.make(row_id, type_id, config, role)
        try:
            async with in_transaction():
                row = await StreamDestination.create(
                    id=row_id,
                    name=name,
                    type=type_id,
                    enabled=enabled,
                    config=stored.public,
                    secrets=stored.locked,
                    config_version=stored.version,
                    account_id=account,
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
            stored = await self.configurations.change(before, given["config"], role)
        await _check_account(given.get("account"), before.type)
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
                    stored.put(row)
                if "account" in given and row.account_id != given["account"]:  # type: ignore[attr-defined]
                    changed.add("account")
                    row.account_id = given["account"]
                if stored is not None or "account" in changed:
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
        return await self.configurations.check(row)

    def _connect(self, row: Any) -> Connect | None:
        account: UUID | None = row.account_id
        return None if account is None else self._core.get(PlatformAccounts).connect(account)


async def _check_account(account_id: UUID | None, type_id: str) -> None:
    """Raise ConfigurationError ``platforms.account_unknown`` or ``platforms.account_type``."""
    if account_id is None:
        return
    account = await PlatformAccount.get_or_none(id=account_id)
    if account is None:
        raise ConfigurationError("platforms.account_unknown", field="account")
    if account.type != type_id:
        raise ConfigurationError("platforms.account_type", field="account", params={"account": account.name})


def _target(row: StreamDestination) -> Target:
    return Target("destination", row.id, row.name)


def _duplicate() -> ConflictError:
    return ConflictError("conflict.duplicate", params={"field": "name"})


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Provide :class:`Destinations`."""
    core.provide(Destinations(core))
    yield
