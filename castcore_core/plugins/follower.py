"""Follow what happens to plugins elsewhere: in a command on this machine, in another process of this installation."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from castcore_core.core import Core
from castcore_core.events.bus import RESYNC, Event
from castcore_core.plugins.footprint import Footprint
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.state import PluginState

CHANNEL = "plugins.changed"
"""Says ``{"plugin": ID, "life": LIFE}`` after a change, and ``enabled`` where somebody has switched it."""
INTERVAL = 2.0
"""Seconds between two looks at what is remembered on disk and at what is installed.

That is how a command reaches a server, a plain ``pip install`` too.
"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Look:
    revision: int
    installed: Footprint
    changing: bool


class Follower:
    """Keep the host of this process in step, until it is cancelled.

    ``changing`` tells whether an installation of our own is under way: what it has put there may yet be taken back, and
    it says itself when it is done.
    """

    def __init__(
        self,
        core: Core,
        host: PluginHost,
        *,
        changing: Callable[[], bool] = lambda: False,
        interval: float = INTERVAL,
    ) -> None:
        self._core = core
        self._host = host
        self._changing = changing
        self._interval = interval

    async def run(self) -> None:
        """Follow the disk and the bus."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_disk())
            group.create_task(self._watch_bus())

    async def tell(self, plugin: str, *, enabled: bool | None = None) -> None:
        """Tell the other processes."""
        data: dict[str, str | bool] = {"plugin": plugin, "life": self._core.life}
        await self._core.bus.publish(CHANNEL, data if enabled is None else data | {"enabled": enabled})

    async def follow(self) -> tuple[str, ...]:
        """Take over what has changed, and tell the others; return the ids."""
        changed = await self._host.follow()
        for plugin in changed:
            _log.info("plugin %s has changed", plugin)
            await self.tell(plugin)
        return changed

    async def _watch_disk(self) -> None:
        """Follow what is remembered at once, and what is installed as soon as it has kept still for an interval."""
        followed = before = await asyncio.to_thread(self._look)
        while True:
            await asyncio.sleep(self._interval)
            try:
                now = await asyncio.to_thread(self._look)
                settled = now.installed == before.installed != followed.installed and not now.changing
                before = now
                if now.revision != followed.revision or settled:
                    await self.follow()
                    followed = now
            except Exception:
                _log.exception("what is installed cannot be read; it is tried again")

    def _look(self) -> _Look:
        return _Look(self._host.revision, self._host.installed, changing=self._changing())

    async def _watch_bus(self) -> None:
        async with self._core.bus.subscribe(CHANNEL) as events:
            async for event in events:
                if event.channel == RESYNC or event.data.get("life") != self._core.life:
                    try:
                        await self._apply(event)
                    except Exception:
                        _log.exception("a change to a plugin cannot be followed")

    async def _apply(self, event: Event) -> None:
        """Do here what was done there; a data folder of one's own learns of it too."""
        await self._host.follow()
        plugin, enabled = event.data.get("plugin"), event.data.get("enabled")
        known = {record.id: record.state for record in self._host.records}
        if enabled is None or plugin not in known:
            return
        off = known[plugin] in (PluginState.DISABLED, PluginState.QUARANTINED)
        if enabled and off:
            await self._host.enable(plugin)
        elif not enabled and known[plugin] is PluginState.LOADED:
            await self._host.disable(plugin)
