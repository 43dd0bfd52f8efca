"""Let plugins hear what happens, and others hear what plugins say.

Each plugin with the hook ``castcore_event`` has a queue and a task of its own: in order, one event at a time, through
the guard. Whoever is too slow loses the oldest events and is told how many; nobody waits for anybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import structlog

from castcore_core.core import Core
from castcore_core.events.bus import RESYNC
from castcore_core.events.bus import Event as Said
from castcore_core.plugins.follower import CHANNEL
from castcore_core.plugins.host import PluginHost
from castcore_sdk import ConfigurationError, Event

EMITTED = "emitted"
"""Channel prefix: ``emitted.PLUGIN.NAME`` with ``{"at", "data"}``."""
QUEUED = 500
"""Events that wait for one plugin."""
LONGEST = 64
"""Characters of an event's name."""

_NAMES: Mapping[str, str] = {
    "streams.state": "job.state",
    "streams.part": "part.state",
    "streams.verdict": "output.verdict",
    "storage.state": "storage.state",
}
"""Channel in front of an id → name of the event, which has the id in its data."""
_HAPPENED = "happened."
_ACCOUNT = "platforms.account"
_CHANNELS = (*(f"{area}.*" for area in _NAMES), f"{_HAPPENED}*", f"{EMITTED}.*", _ACCOUNT)

_log = structlog.get_logger(__name__)


class Herald:
    """Carries events between the bus and the plugins of the engine's process."""

    def __init__(self, core: Core, host: PluginHost) -> None:
        self._core = core
        self._host = host
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Serve the plugins that want it, as they come and go, until cancelled."""
        try:
            async with self._core.bus.subscribe(CHANNEL) as events:
                self._appoint()
                async for _ in events:
                    self._appoint()
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _appoint(self) -> None:
        wanted = self._host.listeners()
        for plugin in self._tasks.keys() - wanted:
            self._tasks.pop(plugin).cancel()
        for plugin in wanted - self._tasks.keys():
            self._tasks[plugin] = asyncio.create_task(self._serve(plugin), name=f"events for {plugin}")

    async def _serve(self, plugin: str) -> None:
        async with self._core.bus.subscribe(*_CHANNELS, limit=QUEUED) as events:
            async for said in events:
                if said.lost:
                    lost = Event(name="events.lost", at=datetime.now(UTC), data={"count": said.lost})
                    await self._host.hear(plugin, lost)
                if (event := understood(said)) is not None and not event.name.startswith(f"{plugin}."):
                    await self._host.hear(plugin, event)


def understood(said: Said) -> Event | None:
    """Return what is said on the bus as plugins hear it; None for what is not for them."""
    channel, data = said.channel, said.data
    area, _, subject = channel.rpartition(".")
    if channel == RESYNC:
        return Event(name="events.lost", at=datetime.now(UTC), data={})
    if area in _NAMES:
        return Event(name=_NAMES[area], at=_moment(data), data={**data, "id": subject})
    if channel.startswith(_HAPPENED):
        return Event(name=channel.removeprefix(_HAPPENED), at=_moment(data), data=dict(data))
    if channel.startswith(f"{EMITTED}."):
        return Event(name=channel.removeprefix(f"{EMITTED}."), at=_moment(data), data=dict(data.get("data", {})))
    return Event(name="account.state", at=_moment(data), data=dict(data)) if channel == _ACCOUNT else None


async def emit(core: Core, plugin: str, event: Event) -> None:
    """Publish what a plugin says under its own id. Raises ConfigurationError ``plugins.event_invalid``."""
    said = {"at": event.at.timestamp(), "data": dict(event.data)}
    try:
        if len(event.name) > LONGEST or len(repr(said)) > 1 << 16:
            raise ValueError("too long")
        await core.bus.publish(f"{EMITTED}.{plugin}.{event.name}", said)
    except (TypeError, ValueError):
        raise ConfigurationError("plugins.event_invalid", params={"plugin": plugin}) from None


def _moment(data: Mapping[str, Any]) -> datetime:
    with suppress(KeyError, TypeError, ValueError, OverflowError):
        at = data["at"]
        return datetime.fromisoformat(at) if isinstance(at, str) else datetime.fromtimestamp(float(at), UTC)
    return datetime.now(UTC)
