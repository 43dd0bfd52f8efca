"""The one way into a plugin's extension: time limits, bounded parallelism, circuit breaker, coded errors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, ParamSpec, TypeVar

from castcore_core.plugins import confinement
from castcore_core.plugins.breadcrumb import Breadcrumb, Trail
from castcore_core.plugins.breaker import Breaker
from castcore_core.plugins.confinement import Confinement, Outcome
from castcore_core.plugins.failure import coded, counts
from castcore_core.plugins.orphanage import Orphanage
from castcore_core.plugins.secret import Scrubber
from castcore_sdk import CastCoreError, TemporaryError

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardLimits:
    """The guard's figures, in seconds where they are times.

    ``default`` is the time limit of a call whose extension names none, ``most`` the longest it may name. ``grace`` is
    what an abandoned call gets to end by itself. ``waiting`` calls may stand in line for an extension.
    """

    default: float = 30.0
    most: float = 600.0
    grace: float = 5.0
    failures: int = 5
    pause: float = 30.0
    waiting: int = 64
    threads: int = 4


@dataclass(slots=True)
class Places:
    """How many calls of one configured extension may run at once; an abandoned call keeps its place until it ends."""

    parallel: int
    waiting: int
    line: int = 0
    free: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.free = asyncio.Semaphore(self.parallel)

    async def take(self, limit: float) -> bool:
        """Wait for a place at most ``limit`` seconds; say whether there is one."""
        if self.free.locked() and self.line >= self.waiting:
            return False
        self.line += 1
        try:
            async with asyncio.timeout(limit):
                await self.free.acquire()
        except TimeoutError:
            return False
        finally:
            self.line -= 1
        return True


class Lane:
    """Call one configured extension. Errors name plugin, extension and method, and hold no secret."""

    def __init__(
        self,
        plugin: str,
        extension: str,
        *,
        trail: Trail,
        orphans: Orphanage,
        places: Places,
        limits: GuardLimits,
        timeouts: Mapping[str, timedelta],
        scrub: Scrubber,
    ) -> None:
        self.plugin = plugin
        self.extension = extension
        self._trail = trail
        self._orphans = orphans
        self._places = places
        self._limits = limits
        self._timeouts = timeouts
        self._scrub = scrub
        self._breaker = Breaker(limits.failures, limits.pause, time.monotonic)

    async def call(self, method: Callable[P, Awaitable[R]], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return the answer of ``method``, a coroutine function of the extension.

        The limit covers the wait for a place as well. Raises TemporaryError ``plugins.call_timeout``,
        ``plugins.call_failed``, ``plugins.too_busy`` or ``plugins.circuit_open``, or the plugin's own CastCoreError.
        """
        return await self._guarded(self._admit(method), partial(method, *args, **kwargs))

    async def release(self, method: Callable[[], Awaitable[None]], /) -> None:
        """Call ``method`` like `call`, but also while the circuit is open: what was acquired must be given back."""
        await self._guarded(Breadcrumb(self.plugin, self.extension, _name(method)), method)

    async def _guarded(self, crumb: Breadcrumb, function: Callable[[], Awaitable[R]]) -> R:
        limit = self.limit(crumb.method)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit
        try:
            if not await self._places.take(limit):
                raise self._temporary("plugins.too_busy", crumb)
        except BaseException:
            self._breaker.forget()
            raise
        confined = Confinement(self._trail, crumb, function)
        task = loop.create_task(_outcome(confined), name=f"plugin {self.plugin}: {crumb.method}")
        task.add_done_callback(lambda _: self._places.free.release())
        try:
            await asyncio.wait({task}, timeout=deadline - loop.time())
        except asyncio.CancelledError:
            self._breaker.forget()
            self._orphans.take(task, confined)
            raise
        if not task.done():
            self._breaker.fail()
            self._orphans.take(task, confined)
            raise self._temporary("plugins.call_timeout", crumb, seconds=limit)
        outcome = Outcome(error=asyncio.CancelledError()) if task.cancelled() else task.result()
        return self._settle(crumb, outcome)  # type: ignore[no-any-return]

    def call_sync(self, method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return the answer of ``method``, a plain function that computes and does not wait."""
        crumb = self._admit(method)
        return self._settle(  # type: ignore[no-any-return]
            crumb, confinement.run(self._trail, crumb, partial(method, *args, **kwargs))
        )

    async def iterate(
        self, method: Callable[P, AsyncIterator[R]], /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncIterator[R]:
        """Yield what ``method`` yields; the time limit counts for each item."""
        iterator = self.call_sync(method, *args, **kwargs)
        step = _named(_name(method), partial(_next, iterator))
        running = True
        try:
            while running:
                running = False  # an iterator that failed or is stuck cannot be closed either
                item = await self.call(step)
                if item:
                    running = True
                    yield item[0]
        finally:
            close = getattr(iterator, "aclose", None)
            if running and close is not None:
                await self.release(_named(_name(method), partial(close)))

    def long_call(self, method: str) -> LongCall:
        """Return a call that goes on for as long as bytes flow; ``method`` names its time limit."""
        return LongCall(self, self._admit_name(method))

    def limit(self, method: str) -> float:
        """Return the time limit of ``method`` in seconds."""
        named = self._timeouts.get(method)
        return self._limits.default if named is None else min(named.total_seconds(), self._limits.most)

    def _admit(self, method: Callable[..., Any]) -> Breadcrumb:
        return self._admit_name(_name(method))

    def _admit_name(self, method: str) -> Breadcrumb:
        crumb = Breadcrumb(self.plugin, self.extension, method)
        if wait := self._breaker.wait():
            raise self._temporary("plugins.circuit_open", crumb, retry_after=wait, seconds=round(wait, 1))
        return crumb

    def _settle(self, crumb: Breadcrumb, outcome: Outcome) -> Any:
        if outcome.error is None:
            self._breaker.succeed()
            return outcome.value
        error = coded(crumb, outcome.error, self._scrub)
        if counts(error):
            self._breaker.fail()
        else:
            self._breaker.succeed()
        raise error

    def _temporary(
        self, code: str, crumb: Breadcrumb, *, retry_after: float | None = None, **params: float
    ) -> CastCoreError:
        names = {"plugin": self.plugin, "extension": self.extension, "method": crumb.method}
        after = None if retry_after is None else timedelta(seconds=retry_after)
        return TemporaryError(code, retry_after=after, params={**names, **params})


class LongCall:
    """One call of an extension that waits for us in between; its time limit counts while the extension is at it.

    It has its place only then, too: a reader that is far enough ahead keeps nobody from the storage.
    """

    def __init__(self, lane: Lane, crumb: Breadcrumb) -> None:
        """Made by `Lane.long_call`."""
        self._lane = lane
        self._crumb = crumb
        self._limit = lane.limit(crumb.method)
        self._since: float | None = None

    async def run(self, function: Callable[[], Awaitable[R]]) -> R:
        """Return what ``function`` returns, which calls the extension. Once; raises as `Lane.call` does."""
        lane = self._lane
        await self._begin()
        confined = Confinement(lane._trail, self._crumb, function)
        task = asyncio.get_running_loop().create_task(_outcome(confined), name=f"plugin {lane.plugin}: long call")
        task.add_done_callback(lambda _: self._end())
        try:
            while not task.done() and (left := self._left()) > 0:
                await asyncio.wait({task}, timeout=left)
        except asyncio.CancelledError:
            lane._orphans.take(task, confined)
            raise
        if not task.done():
            lane._breaker.fail()
            lane._orphans.take(task, confined)
            raise lane._temporary("plugins.call_timeout", self._crumb, seconds=self._limit)
        outcome = Outcome(error=asyncio.CancelledError()) if task.cancelled() else task.result()
        return lane._settle(self._crumb, outcome)  # type: ignore[no-any-return]

    @asynccontextmanager
    async def idle(self) -> AsyncIterator[None]:
        """Stand back for the time of the block, in which the extension waits for the caller."""
        self._end()
        yield
        await self._begin()

    async def _begin(self) -> None:
        if not await self._lane._places.take(self._limit):
            raise self._lane._temporary("plugins.too_busy", self._crumb)
        self._since = time.monotonic()

    def _end(self) -> None:
        if self._since is not None:
            self._since = None
            self._lane._places.free.release()

    def _left(self) -> float:
        """Return the seconds in which nothing needs to be looked at: a call that stands back is looked at again."""
        if self._since is None:
            return self._limit / 4
        return self._limit - (time.monotonic() - self._since)


async def _outcome(confined: Confinement) -> Outcome:
    return await confined


async def _next(iterator: AsyncIterator[R]) -> tuple[R, ...]:
    async for item in iterator:
        return (item,)
    return ()


def _name(method: Callable[..., Any]) -> str:
    return getattr(method, "__name__", None) or type(method).__name__


def _named(name: str, function: Any) -> Any:
    function.__name__ = name
    return function
