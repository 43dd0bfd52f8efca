"""Calls whose caller is gone and whose plugin goes on."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any

from castcore_core.plugins.breadcrumb import Breadcrumb
from castcore_core.plugins.confinement import Confinement

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Orphan:
    """A call that did not end when it was cancelled; ``since`` is of `time.monotonic`."""

    crumb: Breadcrumb
    since: float


class Orphanage:
    """Cancel abandoned calls, name those that go on, and end them after ``grace`` seconds."""

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._calls: dict[asyncio.Task[Any], tuple[Orphan, Confinement]] = {}

    @property
    def orphans(self) -> tuple[Orphan, ...]:
        """Return the calls that still run, oldest first."""
        return tuple(orphan for orphan, _ in self._calls.values())

    def take(self, task: asyncio.Task[Any], confined: Confinement) -> None:
        """Cancel ``task`` and keep it until it has ended."""
        if task.done():
            return
        self._calls[task] = Orphan(confined.crumb, time.monotonic()), confined
        handle = task.get_loop().call_later(self._grace, self._end, task)

        def ended(done: asyncio.Task[Any]) -> None:
            handle.cancel()
            self._calls.pop(done, None)

        task.add_done_callback(ended)
        task.cancel()

    async def aclose(self, patience: float = 1.0) -> None:
        """End what is left now and wait for it at most ``patience`` seconds; name what still runs."""
        tasks = list(self._calls)
        for task in tasks:
            self._end(task)
        if tasks:
            await asyncio.wait(tasks, timeout=patience)
        for orphan in self.orphans:
            _log.error("plugin %s: %s cannot be ended", orphan.crumb.plugin, orphan.crumb.method)

    def _end(self, task: asyncio.Task[Any]) -> None:
        if entry := self._calls.get(task):
            orphan, confined = entry
            _log.warning("plugin %s: %s ignores its time limit and is ended", orphan.crumb.plugin, orphan.crumb.method)
            confined.abandon()
            task.cancel()
