"""A thread that sees the event loop stand still and says whose code holds it."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import math
import os
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import IO

from castcore_core.plugins.breadcrumb import Breadcrumb, Trail, trace_file

_log = logging.getLogger(__name__)
_NATIVE_FACTOR = 4
"""A thread that cannot run for this many limits means that C code holds the interpreter lock."""


@dataclass(frozen=True, slots=True)
class Blockage:
    """The event loop stood still for ``seconds``; ``crumb`` is None where no plugin was found on its stack."""

    crumb: Breadcrumb | None
    seconds: float
    stack: str


class Watchdog:
    """Watch ``loop`` from a thread of its own, from `start` to `stop`.

    ``owner`` says which plugin a source file belongs to, for code that plugins run outside of the guard's calls
    (their own tasks and callbacks). ``report`` is told, in the loop, of each blockage when it is over; ``on_stuck``, in
    the watchdog's thread, of one that has lasted ``stuck_after`` seconds. Where the trail is on disk, `faulthandler` is
    aimed at a file beside it: it tells of fatal signals, and of C code that holds the interpreter lock, when no Python
    code can.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        trail: Trail,
        *,
        limit: float = 1.0,
        owner: Callable[[str], str | None] = lambda file: None,
        report: Callable[[Blockage], None] = lambda blockage: None,
        stuck_after: float = math.inf,
        on_stuck: Callable[[Breadcrumb | None], None] = lambda crumb: None,
    ) -> None:
        self.blockages: deque[Blockage] = deque(maxlen=50)
        self._loop = loop
        self._trail = trail
        self._limit = limit
        self._owner = owner
        self._report = report
        self._stuck_after = stuck_after
        self._on_stuck = on_stuck
        self._ident = threading.get_ident()
        self._answered = time.monotonic()
        self._asked = self._answered
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="castcore-watchdog", daemon=True)
        self._trace: IO[bytes] | None = None
        self._had_faulthandler = False

    def start(self) -> None:
        """Begin; called in the thread that runs the loop."""
        self._ident = threading.get_ident()
        if self._trail.path:
            # Appending: the file is emptied whenever the process turns out to live.
            self._trace = trace_file(self._trail.path).open("ab")
            self._had_faulthandler = faulthandler.is_enabled()
            faulthandler.enable(self._trace)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and give `faulthandler` back to stderr where it was in use. May be called twice."""
        self._stopping.set()
        self._thread.join()
        if self._trace:
            faulthandler.cancel_dump_traceback_later()
            faulthandler.disable()
            if self._had_faulthandler and sys.__stderr__ is not None:
                faulthandler.enable(sys.__stderr__)
            self._trace.close()
            self._trace = None

    def _watch(self) -> None:
        blocked: Breadcrumb | None = None
        stack = ""
        since = 0.0
        stuck = False
        while not self._stopping.wait(self._limit / 4):
            self._beat()
            if self._ask():
                if stack:
                    self._over(blocked, time.monotonic() - since, stack)
                    stack = ""
            elif not stack and time.monotonic() - self._asked > self._limit:
                since = self._asked
                blocked, stack = self._look()
                self._trail.blocked(blocked)
                stuck = False
                _log.warning("the event loop stands still in %s\n%s", _shown(blocked), stack)
            elif stack and not stuck and time.monotonic() - since > self._stuck_after:
                stuck = True
                self._on_stuck(blocked)

    def _beat(self) -> None:
        self._trail.beat()
        if self._trace:
            if os.fstat(self._trace.fileno()).st_size:
                os.ftruncate(self._trace.fileno(), 0)
            faulthandler.dump_traceback_later(self._limit * _NATIVE_FACTOR, file=self._trace)

    def _ask(self) -> bool:
        """Say whether the loop has answered the last question, and ask again if so."""
        if self._answered < self._asked:
            return False
        self._asked = time.monotonic()
        try:
            self._loop.call_soon_threadsafe(self._answer)
        except RuntimeError:
            self._stopping.set()  # the loop is closed
        return True

    def _answer(self) -> None:
        self._answered = time.monotonic()

    def _look(self) -> tuple[Breadcrumb | None, str]:
        frame = sys._current_frames().get(self._ident)
        stack = "".join(traceback.format_stack(frame)[-30:]) if frame else "no stack"
        return self._trail.current(self._ident) or self._by_file(frame), stack

    def _by_file(self, frame: FrameType | None) -> Breadcrumb | None:
        while frame is not None:
            if plugin := self._owner(frame.f_code.co_filename):
                return Breadcrumb(plugin, "", frame.f_code.co_qualname)
            frame = frame.f_back
        return None

    def _over(self, crumb: Breadcrumb | None, seconds: float, stack: str) -> None:
        self._trail.blocked(None)
        blockage = Blockage(crumb, seconds, stack)
        self.blockages.append(blockage)
        _log.warning("the event loop moves again after %.1f s in %s", seconds, _shown(crumb))
        try:
            self._loop.call_soon_threadsafe(self._report, blockage)
        except RuntimeError:
            self._stopping.set()  # the loop is closed


def _shown(crumb: Breadcrumb | None) -> str:
    return f"plugin {crumb.plugin}: {crumb.extension} {crumb.method}" if crumb else "code of no plugin"
