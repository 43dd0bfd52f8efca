"""Read and change the settings."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr, ValidationError
from tortoise.transactions import in_transaction

from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.error import InvalidError, InvalidField
from castcore_core.events import Bus
from castcore_core.secrets import KeyRing
from castcore_core.settings.model import SECRETS, ServerSettings
from castcore_core.settings.models import Setting

CHANNEL = "settings"
"""Tells ``{"keys": [...]}`` after a change."""


class Settings:
    """The settings in force; other features call :meth:`read` whenever they need one."""

    def __init__(self, ring: KeyRing, bus: Bus, audit: Audit) -> None:
        self._ring = ring
        self._bus = bus
        self._audit = audit

    async def read(self) -> ServerSettings:
        """Return all settings. What an older or newer version has stored and this one cannot read is left out."""
        rows = await Setting.all().values_list("key", "value")
        known = [row for row in rows if row[0] in ServerSettings.model_fields]
        stored = {key: self._opened(key, json.loads(value)) for key, value in known}
        try:
            return ServerSettings.model_validate(stored)
        except ValidationError as error:
            bad = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]} or stored.keys()
            return ServerSettings.model_validate({key: value for key, value in stored.items() if key not in bad})

    async def change(self, given: Mapping[str, Any]) -> ServerSettings:
        """Set the ``given`` keys, ``None`` back to the default, and return all. Raises InvalidError."""
        async with in_transaction():
            before = await self.read()
            after = _merged(before, given)
            changed = {key for key in given if getattr(before, key) != getattr(after, key)}
            for key in given:
                if given[key] is None:
                    await Setting.filter(key=key).delete()
                else:
                    value = json.dumps(self._locked(key, getattr(after, key)))
                    await Setting.update_or_create(defaults={"value": value}, key=key)
            if changed:
                await self._audit.record("settings.changed", target=Target("settings"), changed=changed)
        if changed:
            await self._bus.publish(CHANNEL, {"keys": sorted(changed)})
        return after

    def _locked(self, key: str, value: Any) -> Any:
        if isinstance(value, SecretStr):
            return self._ring.lock(value.get_secret_value(), f"settings/{key}")
        return list(value) if isinstance(value, tuple) else value

    def _opened(self, key: str, value: Any) -> Any:
        return self._ring.unlock(value, f"settings/{key}") if key in SECRETS and isinstance(value, str) else value


def _merged(before: ServerSettings, given: Mapping[str, Any]) -> ServerSettings:
    kept = {key: getattr(before, key) for key in ServerSettings.model_fields if key not in given}
    try:
        return ServerSettings.model_validate(kept | {key: value for key, value in given.items() if value is not None})
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        found: list[InvalidField] = [{"path": list(fault["loc"]), "type": fault["type"]} for fault in faults]
        raise InvalidError(found) from None


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Provide :class:`Settings`."""
    core.provide(Settings(core.ring, core.bus, core.get(Audit)))
    yield
