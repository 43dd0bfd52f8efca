"""Keep targets and try them; in the engine's process, also tell them what happens."""

from __future__ import annotations

import asyncio
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
from castcore_core.db import utc_now
from castcore_core.db.revision import Expectation
from castcore_core.error import ConflictError, PreconditionError
from castcore_core.extensions.configuration import Configurations
from castcore_core.i18n import translate
from castcore_core.notifications.delivery import Configured, Sender, failure
from castcore_core.notifications.models import NotificationDelivery, NotificationTarget
from castcore_core.notifications.outbox import make_writer
from castcore_core.notifications.text import one_line
from castcore_core.notifications.watch import CHANNEL, Watch
from castcore_core.plugins.offer import Kind
from castcore_sdk import CastCoreError, ConfigurationError
from castcore_sdk.errors import NotFoundError

MOST = 100
"""Targets of one installation."""
_TEST_S = 30.0
_START_S = 10.0
_FIELDS = ("name", "enabled", "events", "min_level")
"""What cannot be null."""
_NULLABLE = ("language", "quiet_hours")


class Notifications:
    """All kept targets."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._audit = core.get(Audit)
        self.configurations: Configured = Configurations(core, Kind.NOTIFIER, table="notification_target")

    async def find(
        self, wanted: Mapping[str, Any], *, order: Sequence[str], limit: int, offset: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Return rows and how many there are; ``wanted`` are Tortoise filters."""
        query = NotificationTarget.filter(**wanted)
        return await query.order_by(*order).limit(limit).offset(offset).values(), await query.count()

    async def get(self, target_id: UUID) -> NotificationTarget:
        """Return one. Raises NotFoundError ``notifications.not_found``."""
        found = await NotificationTarget.get_or_none(id=target_id)
        if found is None:
            raise NotFoundError("notifications.not_found")
        return found

    async def create(
        self, type_id: str, config: Mapping[str, Any], values: Mapping[str, Any], role: Role
    ) -> NotificationTarget:
        """Keep a target. Raises ConfigurationError for what does not fit, ConflictError for a name in use."""
        if await NotificationTarget.all().count() >= MOST:
            raise ConflictError("notifications.too_many", params={"most": MOST})
        row = NotificationTarget(id=uuid4(), type=type_id, **values)
        (await self.configurations.make(row.id, type_id, config, role)).put(row)
        await self._try(row)
        try:
            async with in_transaction():
                await row.save(force_create=True)
                await self._audit.record("notifications.created", target=_target(row))
        except IntegrityError:
            raise _duplicate() from None
        await self._core.bus.publish(CHANNEL, {})
        return row

    async def change(
        self, target_id: UUID, given: Mapping[str, Any], expected: Expectation, role: Role
    ) -> NotificationTarget:
        """Change the ``given`` fields, ``config`` field by field.

        Raises NotFoundError, PreconditionError, ConfigurationError, ConflictError.
        """
        before = await self.get(target_id)
        stored = None
        if given.get("config") is not None:
            stored = await self.configurations.change(before, given["config"], role)
            stored.put(before)
            await self._try(before)
        try:
            async with in_transaction():
                row = await self.get(target_id)
                expected.check(row.updated_at)
                if row.updated_at != before.updated_at and stored is not None:
                    raise PreconditionError("conflict.changed")
                changed = {key for key in _FIELDS if given.get(key) is not None}
                changed |= {key for key in _NULLABLE if key in given}
                for key in changed:
                    setattr(row, key, given[key])
                if stored is not None:
                    changed |= {f"config.{key}" for key in given["config"]}
                    stored.put(row)
                await row.save()
                await self._audit.record("notifications.changed", target=_target(row), changed=changed)
        except IntegrityError:
            raise _duplicate() from None
        await self._core.bus.publish(CHANNEL, {})
        return row

    async def delete(self, target_id: UUID) -> None:
        """Remove one, with its log and what still waits for it. Raises NotFoundError."""
        async with in_transaction():
            row = await self.get(target_id)
            await row.delete()
            await self._audit.record("notifications.deleted", target=_target(row))
        await self._core.bus.publish(CHANNEL, {})

    async def test(self, target_id: UUID) -> NotificationDelivery:
        """Send a message for real, at once, and return what came of it; it stands in the log as well."""
        target = await self.get(target_id)
        await self._audit.record("notifications.tested", target=_target(target))
        row, sender = await self._trial(target), Sender(self.configurations, target)
        try:
            async with asyncio.timeout(_TEST_S):
                row.answer = await sender.send(row)
        except TimeoutError:
            row.code, row.code_params = "extensions.test_timeout", {"name": target.name, "seconds": round(_TEST_S)}
        except CastCoreError as error:
            row.answer, row.code, row.code_params = failure(error)
        finally:
            await sender.close()
        row.state, row.done_at = "failed" if row.code else "sent", utc_now()
        await row.save(force_create=True)
        last = {"last_state": row.state, "last_code": row.code, "last_at": row.done_at}
        await NotificationTarget.filter(id=target.id).update(**last)
        return row

    async def deliveries(
        self, target_id: UUID, wanted: Mapping[str, Any], *, order: Sequence[str], limit: int, offset: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Return messages to a target and how many there are. Raises NotFoundError."""
        await self.get(target_id)
        query = NotificationDelivery.filter(target_id=target_id, **wanted)
        return await query.order_by(*order).limit(limit).offset(offset).values(), await query.count()

    async def params_of(self, target_id: UUID, code: str) -> dict[str, Any]:
        """Return the parameters of the last failure with ``code``: they stand in the log, as long as it is kept."""
        found = await NotificationDelivery.filter(target_id=target_id, code=code).order_by("-created_at").first()
        return found.code_params if found else {}

    async def _try(self, row: NotificationTarget) -> None:
        """Let the notifier start: a configuration that can never work is refused before it is kept."""
        instance = self.configurations.instance(row, name=f"try-{row.id}")
        try:
            async with asyncio.timeout(_START_S):
                await instance.start()
        except ConfigurationError:
            raise
        except (CastCoreError, TimeoutError):
            pass  # it may work later
        finally:
            await instance.close()

    async def _trial(self, target: NotificationTarget) -> NotificationDelivery:
        writer, now = await make_writer(self._core), utc_now()
        text = translate("notifications.test", {"target": target.name}, language=target.language or writer.language)
        return NotificationDelivery(
            id=uuid4(),
            target_id=target.id,
            key=uuid4(),
            event="test",
            level="info",
            title=one_line(f"{writer.server}: {text.message}", 200),
            body=text.cause,
            link=writer.public_url,
            params={},
            happened_at=now,
            created_at=now,
            state="queued",
            attempts=1,
            next_attempt=now,
            expires_at=now,
        )


def _target(row: NotificationTarget) -> Target:
    return Target("notification", row.id, row.name)


def _duplicate() -> ConflictError:
    return ConflictError("conflict.duplicate", params={"field": "name"})


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Provide :class:`Notifications`, and watch unless this process only serves the web."""
    service = Notifications(core)
    core.provide(service)
    if core.configuration.role == "web":
        yield
        return
    task = asyncio.create_task(Watch(core, service.configurations).run(), name="notifications")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
