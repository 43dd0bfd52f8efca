"""Keep the worker of one source: start it, find it again, watch it, and end one that hangs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from castcore_core.db import utc_now
from castcore_core.runner.launch import reap
from castcore_core.storage.client import Worker
from castcore_core.storage.wire import error_from_json
from castcore_core.storage.worker.order import Order
from castcore_sdk import CastCoreError, Severity, TemporaryError

MountState = Literal["unmounted", "starting", "mounted", "failing"]

_UP_WITHIN = 12.0
_TRIAL_SECONDS = 4.0
"""What a call waits for the first look at a storage whose worker has just been replaced."""
_GOOD_SECONDS = 20.0
"""A worker that has lived so long starts anew without a wait."""
_FIRST_WAIT = 0.1
_LONGEST_WAIT = 10.0
_LOOK_AGAIN = 10.0
"""Seconds between two looks at a storage that fails while nobody uses it."""
_LOST = frozenset({"storage.interrupted", "storage.worker_failed"})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """How a source does."""

    state: MountState
    since: datetime
    error: CastCoreError | None = None
    """The last one; kept when all is well again."""
    error_at: datetime | None = None
    pid: int | None = None
    readers: int = 0
    served: int = 0
    """Bytes read through the gateway in the life of this worker."""
    memory: int = 0
    restarts: int = 0


class Keeper:
    """One source's worker. ``order`` says what it is to hold; ``idle`` seconds without use end the keeping."""

    def __init__(
        self,
        folder: Path,
        source_id: str,
        order: Callable[[], Awaitable[Order]],
        *,
        idle: float,
        stay: bool,
        on_change: Callable[[Keeper], None],
    ) -> None:
        self.source_id = source_id
        self.stay = stay
        """Do not end for want of use."""
        self._folder = folder
        self._make_order = order
        self._idle = idle
        self._on_change = on_change
        self._state: MountState = "starting"
        self._since = utc_now()
        self._error: tuple[CastCoreError, datetime] | None = None
        self._suspect: CastCoreError | None = None
        self._worker: Worker | None = None
        self._report: dict[str, Any] = {}
        self._restarts = -1
        self._replacing = False
        self._changed = asyncio.Event()
        self._tried = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=f"storage {source_id}")

    @property
    def ended(self) -> bool:
        """Say whether it has let the worker go for want of use."""
        return self._task.done()

    def mount(self) -> Mount:
        """Return how the source does."""
        error, at = self._error or (None, None)
        return Mount(
            state=self._state,
            since=self._since,
            error=error,
            error_at=at,
            pid=self._worker.hello.identity.pid if self._worker else None,
            readers=int(self._report.get("readers", 0)),
            served=int(self._report.get("served", 0)),
            memory=int(self._report.get("memory", 0)),
            restarts=max(0, self._restarts),
        )

    async def worker(self) -> Worker:
        """Return the worker for a call.

        A storage that has failed is looked at again before others may use it; until then this raises why it failed.
        """
        if self._suspect is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TRIAL_SECONDS):
                    await self._tried.wait()
        if self._suspect is not None:
            raise self._suspect
        return await self.process()

    async def process(self) -> Worker:
        """Return the worker as a process with an address, however its storage does. Raises CastCoreError."""
        until = asyncio.get_running_loop().time() + _UP_WITHIN
        while self._worker is None:
            left = until - asyncio.get_running_loop().time()
            failed = self._error[0] if self._error and self._state == "failing" else None
            if left <= 0 or self.ended or (failed is not None and not failed.retryable):
                raise failed or TemporaryError("storage.worker_failed", params={"reason": "runner.not_ready"})
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._changed.wait()
        return self._worker

    async def replace(self, revision: str) -> None:
        """Let another worker take over where this one holds another revision."""
        if self._worker is not None and self._worker.hello.revision != revision:
            self._suspect, self._replacing = None, True
            await self._worker.drain(0.0)

    async def close(self, *, drain: float | None = None) -> None:
        """Let go of the worker; with ``drain`` seconds for its readers it ends too."""
        worker = self._worker
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        if drain is not None and worker is not None:
            await worker.drain(drain)

    async def _run(self) -> None:
        wait = 0.0
        while True:
            begun = time.monotonic()
            try:
                if await self._once():
                    return
            except CastCoreError as error:
                self._fail(error)
            except Exception as error:  # whatever it is, an outage of the database for instance, the source comes back
                _log.error("storage %s not kept", self.source_id, exc_info=error)
                self._fail(TemporaryError("storage.worker_failed", params={"reason": type(error).__name__}))
            wait = 0.0 if time.monotonic() - begun > _GOOD_SECONDS else min(_LONGEST_WAIT, wait * 2 or _FIRST_WAIT)
            await asyncio.sleep(wait)

    async def _once(self) -> bool:
        """Keep one worker until it ends; return whether it is to be left alone, for want of use."""
        worker = await self._obtain()
        self._restarts += 1
        if await self._attend(worker):
            return True
        self._report = {}
        reap()
        return False

    async def _obtain(self) -> Worker:
        """Return the source's worker as it is to be: the one that lives, or a new one."""
        order = await self._make_order()
        found = await Worker.find(self._folder, self.source_id)
        if found is not None and not found.hello.revision:
            await found.configure(order)
        elif found is not None and found.hello.revision != order.revision:
            await found.drain(0.0)
            found = None
        return found or await Worker.start(self._folder, order)

    async def _attend(self, worker: Worker) -> bool:
        """Watch a worker until it ends; return whether it is to be left alone, for want of use."""
        self._worker = worker
        self._changed.set()
        looking = asyncio.create_task(self._look(worker))
        try:
            async with contextlib.aclosing(worker.attend()) as events:
                async for event in events:
                    if event["event"] == "log":
                        logging.getLogger(str(event["logger"])).log(int(event["level"]), "%s", event["line"])
                        continue
                    self._take(event)
                    if event["hung"]:
                        break
                    if not self.stay and not event["readers"] and float(event["idle"]) > self._idle:
                        self._worker = None
                        self._move("unmounted")
                        return True
            error = self._end_of(worker)
        except CastCoreError as failure:
            error = failure
        finally:
            looking.cancel()
        self._worker = None
        if self._replacing:
            self._replacing = False
            self._move("starting")
            return False
        self._tried.clear()
        self._suspect = error
        await worker.kill()
        self._fail(error)
        return False

    def _end_of(self, worker: Worker) -> CastCoreError:
        """Return why a worker has to be replaced."""
        if self._report.get("hung"):
            return self._current() or TemporaryError("storage.worker_frozen")
        if trace := worker.trace():
            _log.error("the storage worker of %s died:\n%s", self.source_id, trace)
        return TemporaryError("storage.worker_died")

    async def _look(self, worker: Worker) -> None:
        """Find out whether a storage that failed is well again: before others may use it, and while nobody does."""
        while True:
            if self._suspect is not None or self._state != "mounted":
                try:
                    results = await worker.check()
                except CastCoreError as error:
                    if error.code not in _LOST:  # why a worker has ended is told by whoever attends it
                        self._fail(error)
                else:
                    bad = next((each for each in results if each.severity is Severity.ERROR), None)
                    if bad is None:
                        self._suspect = None
                        self._move("mounted")
                    else:
                        self._fail(TemporaryError(bad.code, params=bad.params))
                self._tried.set()
            await asyncio.sleep(_LOOK_AGAIN)

    def _take(self, report: dict[str, Any]) -> None:
        self._report = report
        error = self._current()
        if error is not None:
            self._fail(error, suspect=False)
        elif report["known"] and self._suspect is None:
            self._move("mounted")

    def _current(self) -> CastCoreError | None:
        data = self._report.get("error")
        return error_from_json(data) if data else None

    def _fail(self, error: CastCoreError, *, suspect: bool = True) -> None:
        if suspect:
            self._suspect = error
        same = self._state == "failing" and self._error is not None and self._error[0].code == error.code
        self._error = error, utc_now()
        if not same:
            _log.warning("storage %s fails: %s %s", self.source_id, error.code, dict(error.params) or "")
        self._move("failing", again=not same)

    def _move(self, state: MountState, *, again: bool = False) -> None:
        if state != self._state:
            self._since = utc_now()
            if state == "mounted":
                _log.info("storage %s is there", self.source_id)
        if state != self._state or again:
            self._state = state
            self._on_change(self)
        self._changed.set()
