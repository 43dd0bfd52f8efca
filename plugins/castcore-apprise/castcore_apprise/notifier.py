"""The notifier: every wanted address gets the message, none of them twice."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

from castcore_apprise.config import AppriseConfig
from castcore_apprise.service import Service
from castcore_sdk import CastCoreError, CheckResult, Notification, Notifier, Severity, TemporaryError

_REMEMBERED = 100
"""Messages of which it is known who has them already."""


class AppriseNotifier(Notifier[AppriseConfig]):
    """Send by e-mail and to chat services, in the plugin's own threads."""

    id = "apprise"
    max_body = 4000
    max_parallel = 1
    timeouts: ClassVar[Mapping[str, timedelta]] = {"send": timedelta(seconds=90)}
    _services: Sequence[Service] = ()

    async def start(self) -> None:
        """Let apprise read the addresses. Raise ConfigurationError for one that it does not understand."""
        self._settled: OrderedDict[str, dict[int, CastCoreError | None]] = OrderedDict()
        wanted = self.config.wanted()
        self._services = await self.context.run_blocking(lambda: [Service(each) for each in wanted])

    async def send(self, notification: Notification, /) -> str | None:
        """Send to one address after the other; the next attempt leaves out those that are settled."""
        settled = self._settled.setdefault(notification.id, {})
        self._settled.move_to_end(notification.id)
        later: CastCoreError | None = None
        for number, service in enumerate(self._services):
            if settled.get(number, self) is not self:
                continue
            error = await self.context.run_blocking(service.send, notification)
            if isinstance(error, TemporaryError):
                later = later or error
            else:
                settled[number] = error
        while len(self._settled) > _REMEMBERED:
            self._settled.popitem(last=False)
        if later is not None:
            raise later
        failures = [error for error in self._settled.pop(notification.id).values() if error is not None]
        if failures:
            raise failures[0]
        return ", ".join(service.name for service in self._services)

    async def check(self) -> Sequence[CheckResult]:
        """Name the services that the addresses stand for; nothing is sent."""
        return [
            CheckResult(
                code="apprise.service_known",
                severity=Severity.OK,
                params={"service": service.name, "line": service.address.line},
                config_field="urls",
            )
            for service in self._services
        ]
