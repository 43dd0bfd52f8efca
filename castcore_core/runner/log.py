"""Read an ffmpeg's standard error: secrets out, floods cut, the last lines kept for the diagnosis."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable

from castcore_core.ffmpeg.diagnosis import diagnose
from castcore_core.runner.error import Problem
from castcore_core.runner.event import Level, LogLine
from castcore_core.runner.scrub import Scrubber

_BURST = 40
_PER_SECOND = 10
_TAIL = 60
_LEVEL = re.compile(r"\[(panic|fatal|error|warning|info|verbose|debug|trace)\] ?")
_LEVELS: dict[str, Level] = {
    "panic": "error",
    "fatal": "error",
    "error": "error",
    "warning": "warning",
    "verbose": "debug",
    "debug": "debug",
    "trace": "debug",
}


class ChildLog:
    """One process's log. 40 lines at once and 10 a second are reported; how many were not is said."""

    def __init__(self, source: str, scrubber: Scrubber, report: Callable[[LogLine], None]) -> None:
        self._source = source
        self._scrubber = scrubber
        self._report = report
        self._tail: deque[str] = deque(maxlen=_TAIL)
        self._errors: deque[str] = deque(maxlen=_TAIL)
        self._begun = self._refilled = time.monotonic()
        self._tokens = float(_BURST)
        self._left_out = 0

    def add(self, raw: str) -> None:
        """Take one line as ffmpeg wrote it."""
        line = self._scrubber.text(raw)
        self._tail.append(line)
        match = _LEVEL.search(line)
        level = _LEVELS.get(match[1], "info") if match else "info"
        if level == "error":
            self._errors.append(line)
        now = time.monotonic()
        self._tokens = min(_BURST, self._tokens + (now - self._refilled) * _PER_SECOND)
        self._refilled = now
        if self._tokens < 1:
            self._left_out += 1
            return
        self._tokens -= 1
        if self._left_out:
            self._say("warning", f"({self._left_out} lines left out)")
            self._left_out = 0
        self._say(level, _LEVEL.sub("", line, count=1))

    def diagnose(self, status: int | None) -> Problem:
        """Return why the process ended, as far as its last lines, its status and its age tell."""
        found = diagnose(self._tail, status=status, seconds=time.monotonic() - self._begun)
        return Problem(found.code, dict(found.params), self._tail[-1] if self._tail else "")

    def complaint(self) -> Problem | None:
        """Return what the lines of level error say, None where there were none."""
        if not self._errors:
            return None
        found = diagnose(self._errors)
        return Problem(found.code, dict(found.params), self._errors[-1])

    def _say(self, level: Level, line: str) -> None:
        self._report(LogLine(source=self._source, level=level, line=line))
