"""Send one message: through the plugin guard, to an address that was judged just before."""

from __future__ import annotations

import contextlib
from typing import Any

from castcore_core.accounts.role import Role
from castcore_core.extensions.configuration import Configurations
from castcore_core.notifications.models import NotificationDelivery, NotificationTarget
from castcore_core.notifications.rule import SEVERITIES
from castcore_core.notifications.text import one_line, short
from castcore_core.plugins.instance import Instance
from castcore_sdk import CastCoreError, Notification, Notifier

ANSWER = 500
"""Characters of the other side's answer that are kept."""

Configured = Configurations[Notifier[Any]]


class Sender:
    """One target's notifier, started on use."""

    def __init__(self, configurations: Configured, target: NotificationTarget) -> None:
        self.target = target
        self._configurations = configurations
        self._instance: Instance[Notifier[Any]] | None = None

    async def send(self, row: NotificationDelivery) -> str:
        """Return what the other side answered. Raises the notifier's CastCoreError, or the guard's."""
        if self._instance is None:
            self._instance = await self._open()
        instance = self._instance
        await self._configurations.check_places(instance.extension.config, Role.ADMIN)
        answer: object = await instance.call(instance.extension.send, _notification(row))
        return one_line(str(answer or ""), ANSWER)

    async def close(self) -> None:
        """Close the notifier; the next message opens it again. May be called twice."""
        instance, self._instance = self._instance, None
        if instance is not None:
            with contextlib.suppress(CastCoreError):
                await instance.close()

    async def _open(self) -> Instance[Notifier[Any]]:
        instance = self._configurations.instance(self.target, name=f"notify-{self.target.id}")
        try:
            await instance.start()
        except BaseException:
            with contextlib.suppress(CastCoreError):
                await instance.close()
            raise
        return instance


def failure(error: CastCoreError) -> tuple[str, str, dict[str, str | int | float | bool]]:
    """Return answer, code and parameters of a failed attempt as they are kept."""
    detail = "" if error.detail == error.code else error.detail
    return one_line(detail, ANSWER), error.code[:100], short(error.params)


def _notification(row: NotificationDelivery) -> Notification:
    return Notification(
        id=str(row.id),
        key=str(row.key),
        event=row.event,
        severity=SEVERITIES[row.level],
        title=row.title,
        body=row.body,
        link=row.link,
        params=row.params,
        sent_at=row.happened_at,
    )
