"""How long a check may take, and where it stands when it takes longer."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

T = TypeVar("T")

LIMIT = 60.0
"""Seconds for one check. Whoever takes longer hangs."""
_PATIENCE = 0.5
"""Seconds for which a call may hold the event loop. Generous: shared test machines stall by themselves."""
_PYTHON = f"{Path(os.__file__).parent}{os.sep}"
_KIT = f"{Path(__file__).parents[1]}{os.sep}"


def running(main: Coroutine[Any, Any, T], *, limit: float | None = None) -> T:
    """Run a check in an event loop of its own; fail after ``limit`` seconds and say which line waits."""
    seconds = LIMIT if limit is None else limit

    async def limited() -> T:
        clock = asyncio.timeout(seconds)
        try:
            async with clock:
                return await main
        except TimeoutError as error:
            if not clock.expired():
                raise
            place = _place(traceback.extract_tb(_innermost(error)))
            raise AssertionError(f"not done after {seconds:g} s: it waits at {place}") from None

    return asyncio.run(limited())


async def unblocked(call: Callable[[], Awaitable[T]]) -> T:
    """Await ``call()`` and fail if it held the event loop twice in a row."""
    watch = _Watch()
    for _ in range(2):
        watch = _Watch()
        async with watch.set():
            result = await call()
        if watch.longest <= _PATIENCE:
            return result
    raise AssertionError(
        f"the event loop stood still for {watch.longest:.1f} s at {watch.place}: use context.run_blocking"
    )


def standing(task: asyncio.Task[Any]) -> str:
    """Return the line at which a task waits."""
    return ", ".join(f"{frame.f_code.co_filename}:{frame.f_lineno}" for frame in task.get_stack(limit=1)) or "?"


class _Watch:
    """Measures how long nothing else could run, and notes from a thread what ran instead."""

    def __init__(self) -> None:
        self.longest = 0.0
        """Seconds."""
        self.place = "a place unknown"
        self._last = time.monotonic()
        self._over = threading.Event()

    @asynccontextmanager
    async def set(self) -> AsyncIterator[None]:
        """Watch over the block."""
        self._last = time.monotonic()
        thread = threading.Thread(target=self._look, args=(threading.get_ident(),), daemon=True)
        thread.start()
        heart = asyncio.create_task(self._beat())
        try:
            await asyncio.sleep(0)
            yield
            self._note()
        finally:
            heart.cancel()
            self._over.set()
            thread.join()

    async def _beat(self) -> None:
        while True:
            self._note()
            await asyncio.sleep(0.02)

    def _note(self) -> None:
        now = time.monotonic()
        self.longest, self._last = max(self.longest, now - self._last), now

    def _look(self, watched: int) -> None:
        while not self._over.wait(_PATIENCE / 5):
            since = time.monotonic() - self._last
            if since > _PATIENCE and since > self.longest and (frame := sys._current_frames().get(watched)):
                self.place = _place(traceback.extract_stack(frame))


def _innermost(error: TimeoutError) -> TracebackType | None:
    """Return the trace of the cancellation that a time-out was made of."""
    cause = error.__cause__ or error.__context__
    return cause.__traceback__ if cause is not None else error.__traceback__


def _place(frames: Sequence[traceback.FrameSummary]) -> str:
    """Return the line of the plugin that is being run: below the kit, and above the libraries that it calls."""
    kit = max((number for number, frame in enumerate(frames) if frame.filename.startswith(_KIT)), default=-1)
    below = [frame for frame in frames[kit + 1 :] if not _is_python(frame.filename)]
    if not below:
        return _said(frames[-1]) if frames else "a place unknown"
    folder = Path(below[0].filename).parent
    return _said([frame for frame in below if Path(frame.filename).parent == folder][-1])


def _is_python(file: str) -> bool:
    return file.startswith((_PYTHON, "<")) and "-packages" not in file


def _said(frame: traceback.FrameSummary) -> str:
    return f"{frame.filename}:{frame.lineno} in {frame.name}"
