"""Threads for the blocking code of one plugin: few, its own, and never waited for at exit."""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from castcore_core.plugins import confinement
from castcore_core.plugins.breadcrumb import Breadcrumb, Trail
from castcore_sdk import TemporaryError

P = ParamSpec("P")
R = TypeVar("R")
_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[confinement.Outcome]", Breadcrumb, Callable[[], object]]


class ThreadPool:
    """At most ``threads`` daemon threads and ``waiting`` calls in line.

    `concurrent.futures` joins its threads at exit, so one call that never returns would keep the server alive.
    """

    def __init__(self, plugin: str, trail: Trail, *, threads: int = 4, waiting: int = 64) -> None:
        self._plugin = plugin
        self._trail = trail
        self._threads = threads
        self._most = threads + waiting
        self._unfinished = 0
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._started: list[threading.Thread] = []
        self._closed = False

    async def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what ``function`` returns, or raise what it raises.

        Raises TemporaryError ``plugins.too_busy`` where too many calls wait. A cancelled call leaves its thread to
        finish, which then holds its place.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[confinement.Outcome] = loop.create_future()
        crumb = Breadcrumb(self._plugin, "", getattr(function, "__qualname__", type(function).__name__))
        work = partial(contextvars.copy_context().run, partial(function, *args, **kwargs))
        with self._lock:
            if self._closed or self._unfinished >= self._most:
                params = {"plugin": self._plugin, "extension": "", "method": crumb.method}
                raise TemporaryError("plugins.too_busy", params=params)
            self._unfinished += 1
        self._jobs.put((loop, future, crumb, work))
        if not self._idle.acquire(blocking=False) and len(self._started) < self._threads:
            thread = threading.Thread(target=self._work, name=f"castcore-plugin-{self._plugin}", daemon=True)
            self._started.append(thread)
            thread.start()
        outcome = await future
        if isinstance(outcome.error, StopIteration):
            raise RuntimeError("the function raised StopIteration") from outcome.error
        if outcome.error is not None:
            raise outcome.error
        return outcome.value  # type: ignore[no-any-return]

    def close(self) -> None:
        """Let the threads end when their present calls end; take no more calls. May be called twice."""
        with self._lock:
            self._closed = True
        for _ in self._started:
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            loop, future, crumb, work = job
            try:
                if not future.cancelled():
                    outcome = confinement.run(self._trail, crumb, work)
                    loop.call_soon_threadsafe(_settle, future, outcome)
                    del outcome
            except RuntimeError:
                return  # the loop is closed: nobody waits any more
            finally:
                with self._lock:
                    self._unfinished -= 1
            del job, loop, work, future
            self._idle.release()


def _settle(future: asyncio.Future[confinement.Outcome], outcome: confinement.Outcome) -> None:
    if not future.done():
        future.set_result(outcome)
