"""Everything that stands between the host and plugin code, for all plugins of a host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from castcore_core.plugins.breadcrumb import Trail
from castcore_core.plugins.lane import GuardLimits, Lane, Places
from castcore_core.plugins.orphanage import Orphan, Orphanage
from castcore_core.plugins.pool import ThreadPool
from castcore_core.plugins.secret import Scrubber


class Guard:
    """Hands out lanes and thread pools; orphans and the threads of a plugin are shared."""

    def __init__(self, trail: Trail, limits: GuardLimits | None = None) -> None:
        self.trail = trail
        self._limits = limits or GuardLimits()
        self._orphanage = Orphanage(self._limits.grace)
        self._pools: dict[str, ThreadPool] = {}

    @property
    def orphans(self) -> tuple[Orphan, ...]:
        """Return the calls that go on although nobody waits for them."""
        return self._orphanage.orphans

    def lane(
        self,
        plugin: str,
        extension: str,
        *,
        parallel: int = 4,
        timeouts: Mapping[str, timedelta] | None = None,
        secrets: Iterable[str] = (),
    ) -> Lane:
        """Return a new lane with its own places and circuit breaker: one for each configured extension."""
        return Lane(
            plugin,
            extension,
            trail=self.trail,
            orphans=self._orphanage,
            places=Places(parallel, self._limits.waiting),
            limits=self._limits,
            timeouts=timeouts or {},
            scrub=Scrubber(secrets),
        )

    def pool(self, plugin: str) -> ThreadPool:
        """Return the threads of a plugin."""
        if plugin not in self._pools:
            self._pools[plugin] = ThreadPool(
                plugin, self.trail, threads=self._limits.threads, waiting=self._limits.waiting
            )
        return self._pools[plugin]

    async def aclose(self) -> None:
        """End orphaned calls and let the threads go. May be called twice."""
        await self._orphanage.aclose()
        for pool in self._pools.values():
            pool.close()
