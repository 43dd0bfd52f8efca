"""Read, keep and use the configurations of one kind of extension."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from castcore_core.accounts.role import Role
from castcore_core.core import Core
from castcore_core.error import InvalidError
from castcore_core.extensions.endpoint import require_secrets
from castcore_core.extensions.place import addresses_and_paths
from castcore_core.extensions.secret import MASK, join, lock, masked, merge, split, unlock
from castcore_core.plugins.context import Connect
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.instance import Instance
from castcore_core.plugins.offer import Kind
from castcore_core.plugins.registry import Registered
from castcore_core.streams.reach import Reach
from castcore_sdk import CastCoreError, CheckResult, ConfigurationError, Extension, ExtensionConfig, Severity

E = TypeVar("E", bound="Extension[Any]")

_TEST_S = 15.0


class Row(Protocol):
    """A saved configuration: what every model of them has in common."""

    id: Any
    name: Any
    type: Any
    config: Any
    secrets: Any
    config_version: Any


@dataclass(frozen=True, slots=True)
class Stored:
    """A configuration as the database keeps it."""

    public: dict[str, Any]
    locked: str | None
    version: int

    def put(self, row: Row) -> None:
        """Write it into ``row``, which is not saved."""
        row.config, row.secrets, row.config_version = self.public, self.locked, self.version


class Configurations(Generic[E]):
    """The configurations of ``kind`` in one table; its name is part of what their secrets are bound to."""

    def __init__(
        self, core: Core, kind: Kind, *, table: str, connect: Callable[[Any], Connect | None] = lambda row: None
    ) -> None:
        """``connect`` returns what opens a session of the account that a row names, None where it names none."""
        self._core = core
        self._connect = connect
        self._kind = kind
        self._table = table
        self._host = core.get(PluginHost)

    def types(self) -> list[Registered[type[E]]]:
        """Return the types that loaded plugins bring, by id."""
        return [registered for _, registered in sorted(self._host.registry.of(self._kind).items())]

    def has_type(self, type_id: str) -> bool:
        """Tell whether the plugin of a type is loaded."""
        return type_id in self._host.registry.of(self._kind)

    def type_of(self, type_id: str) -> Registered[type[E]]:
        """Return a type. Raises ConfigurationError ``extensions.type_unknown``."""
        found = self._host.registry.of(self._kind).get(type_id)
        if found is None:
            raise ConfigurationError("extensions.type_unknown", field="type", params={"type": type_id})
        return found

    async def make(self, row_id: UUID, type_id: str, data: Mapping[str, Any], role: Role) -> Stored:
        """Return what is kept of ``data`` for a new row.

        Raises ConfigurationError with the field, never with its value, also where ``role`` may not name a place.
        """
        return await self._stored(row_id, type_id, self._parsed(type_id, data), role)

    async def change(self, row: Row, given: Mapping[str, Any], role: Role) -> Stored:
        """Return what is kept after a change field by field; null clears.

        Raises as `make` does, and InvalidError ``secret_again`` at the secrets that have to be given with another place
        to connect to: who may change a configuration may not read them.
        """
        before = self.whole(row)
        parsed = self._parsed(row.type, merge(before, given))
        require_secrets(self._readable(row.type, before), parsed, given)
        return await self._stored(row.id, row.type, parsed, role, only=set(given))

    def whole(self, row: Row) -> dict[str, Any]:
        """Return the configuration with its secrets, in today's shape. Raises CastCoreError."""
        whole = join(row.config, self._unlock(row.id, row.secrets))
        registered = self.type_of(row.type)
        if row.config_version != registered.item.config_version:
            return dict(self._host.migrate_config(registered, whole, from_version=row.config_version))
        return whole

    def shown(self, row_id: UUID, config: dict[str, Any], secrets: str | None) -> dict[str, Any]:
        """Return the configuration for people, each secret as ``••••1234``."""
        return masked(config, self._unlock(row_id, secrets))

    def instance(self, row: Row, *, name: str) -> Instance[E]:
        """Return the extension as its plugin makes it, not started. Raises CastCoreError."""
        return self._host.create(self.type_of(row.type), self.whole(row), instance=name, connect=self._connect(row))

    async def check(self, row: Row, *, timeout: float = _TEST_S) -> list[CheckResult]:
        """Return what the plugin finds within ``timeout`` seconds; its failure is a result too."""
        try:
            async with asyncio.timeout(timeout):
                return await self._ask(row)
        except TimeoutError:
            params: dict[str, str | int | float | bool] = {"name": row.name, "seconds": round(timeout)}
            return [CheckResult(code="extensions.test_timeout", severity=Severity.ERROR, params=params)]
        except CastCoreError as error:
            return [CheckResult(code=error.code, severity=Severity.ERROR, params=error.params)]

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

    async def _ask(self, row: Row) -> list[CheckResult]:
        instance = self.instance(row, name=f"test-{row.id}")
        try:
            await self.check_places(instance.extension.config, Role.ADMIN)
            await instance.start()
            return list(await instance.call(instance.extension.check))
        finally:
            with contextlib.suppress(CastCoreError):
                await instance.close()

    def _parsed(self, type_id: str, data: Mapping[str, Any]) -> ExtensionConfig:
        if any(MASK in text for text in _strings(data)):
            # A form that sends back what it was shown would replace the secret by its mask.
            raise InvalidError.at("config", type="masked_secret")
        return self._host.parse_config(self.type_of(type_id), data)

    def _readable(self, type_id: str, data: Mapping[str, Any]) -> ExtensionConfig | None:
        """Return a configuration that is kept, None where its plugin takes it no more."""
        try:
            return self._parsed(type_id, data)
        except CastCoreError:
            return None

    async def _stored(
        self, row_id: UUID, type_id: str, parsed: ExtensionConfig, role: Role, *, only: set[str] | None = None
    ) -> Stored:
        await self.check_places(parsed, role, only=only)
        public, secrets = split(parsed)
        locked = lock(self._core.ring, self._place(row_id), secrets)
        return Stored(public, locked, self.type_of(type_id).item.config_version)

    def _unlock(self, row_id: UUID, secrets: str | None) -> dict[tuple[str | int, ...], str]:
        return unlock(self._core.ring, self._place(row_id), secrets)

    def _place(self, row_id: UUID) -> str:
        return f"{self._table}/{row_id}/secrets"


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
