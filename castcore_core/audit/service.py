"""Write and read the log."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from tortoise.queryset import QuerySet

from castcore_core.audit.caller import Caller, caller
from castcore_core.audit.models import AuditEntry
from castcore_core.core import Core
from castcore_core.db import utc, utc_now
from castcore_core.secrets import scrubber

Outcome = Literal["done", "denied", "failed"]

_REPEAT_S = 60.0
_REMEMBERED = 5_000


@dataclass(frozen=True, slots=True)
class Target:
    """What an action was done to."""

    kind: str
    id: str | UUID | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted; ``None`` leaves a part open. ``action`` also takes ``users.*``."""

    actor: str | None = None
    action: str | None = None
    outcome: str | None = None
    target_kind: str | None = None
    target: str | None = None
    address: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Audit:
    """The log that only grows; other features call :meth:`record` for every change they make.

    Called inside a transaction, the entry is kept or dropped together with the change.
    """

    def __init__(self) -> None:
        self._told: OrderedDict[tuple[str, ...], float] = OrderedDict()

    async def record(
        self,
        action: str,
        *,
        target: Target | None = None,
        changed: Iterable[str] = (),
        params: Mapping[str, str | int | float | bool] | None = None,
        outcome: Outcome = "done",
        by: Caller | None = None,
    ) -> None:
        """Write one entry such as ``users.created``; ``changed`` are names of fields, never values.

        ``by`` is the one who acts now where nobody else is named. Known secrets are scrubbed all the same.
        """
        who = by or caller()
        await AuditEntry.create(
            at=utc_now(),
            actor_kind=who.kind,
            actor_id=who.id,
            actor_name=_text(who.name, 64),
            address=_text(who.address, 64),
            action=action,
            outcome=outcome,
            target_kind=target.kind if target else None,
            target_id=_text(str(target.id), 64) if target and target.id is not None else None,
            target_name=_text(target.name, 128) if target and target.name else None,
            fields_changed=sorted(changed),
            params={
                key: _text(value, 256) if isinstance(value, str) else value for key, value in (params or {}).items()
            },
        )

    async def record_refusal(self, action: str, reason: str, *, target: Target | None = None) -> None:
        """Write that somebody was refused; the same refusal again within a minute is not written again."""
        who = caller()
        place = target or Target("")
        key = (action, reason, who.id or who.name, who.address, place.kind, str(place.id), place.name)
        now = time.monotonic()
        if now - self._told.get(key, -_REPEAT_S) < _REPEAT_S:
            return
        self._told[key] = now
        self._told.move_to_end(key)
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        await self.record(action, target=target, params={"reason": reason}, outcome="denied")

    async def find(self, wanted: Filter, *, limit: int, offset: int, newest_first: bool = True) -> list[dict[str, Any]]:
        """Return entries as plain dictionaries."""
        order = ("-at", "-id") if newest_first else ("at", "id")
        found: list[dict[str, Any]] = await _matching(wanted).order_by(*order).limit(limit).offset(offset).values()
        return found

    async def after(self, wanted: Filter, entry_id: int, limit: int) -> list[dict[str, Any]]:
        """Return the next entries after one, the oldest first; stays right while the log grows."""
        query = _matching(wanted).filter(id__gt=entry_id).order_by("id").limit(limit)
        found: list[dict[str, Any]] = await query.values()
        return found

    async def count(self, wanted: Filter) -> int:
        """Return how many entries there are."""
        return await _matching(wanted).count()

    async def prune(self, keep: timedelta) -> int:
        """Remove what is older than ``keep`` and return how many that were: the one way an entry ever goes."""
        return await AuditEntry.filter(at__lt=utc_now() - keep).delete()


def _text(value: str, limit: int) -> str:
    clean = "".join(character if character.isprintable() else "�" for character in value)
    return scrubber.scrub(clean)[:limit]


def _matching(wanted: Filter) -> QuerySet[AuditEntry]:
    exact = {
        "actor_id": wanted.actor,
        "outcome": wanted.outcome,
        "target_kind": wanted.target_kind,
        "target_id": wanted.target,
        "address": wanted.address,
        "at__gte": utc(wanted.since) if wanted.since else None,
        "at__lt": utc(wanted.until) if wanted.until else None,
    }
    query = AuditEntry.filter(**{key: value for key, value in exact.items() if value is not None})
    if wanted.action is not None:
        area, star, _ = wanted.action.partition("*")
        query = query.filter(action__startswith=area) if star else query.filter(action=wanted.action)
    return query


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Provide :class:`Audit`."""
    core.provide(Audit())
    yield
