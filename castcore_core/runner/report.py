"""Number events, take secrets out, keep them and pass them on."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any

from castcore_core.runner.child import Child
from castcore_core.runner.error import Problem
from castcore_core.runner.event import Event, LogLine, Notice, Progress, SourceState
from castcore_core.runner.journal import Journal
from castcore_core.runner.log import ChildLog
from castcore_core.runner.protocol import encode
from castcore_core.runner.scrub import Scrubber

_FREE_TEXT = frozenset({"params", "detail", "line"})
"""Where words from outside may stand; ids, states and codes are the plan's and ours, and stay as they are."""


class Reporter:
    """The one way out for events, and for what becomes one."""

    def __init__(self, journal: Journal, broadcast: Callable[[bytes, bool], None]) -> None:
        self.scrubber = Scrubber()
        self.source: tuple[dict[str, Any], ...] = ()
        """The events that the source's state follows from; of one that is lost the first and the last that say so."""
        self._journal = journal
        self._broadcast = broadcast
        self._told = False

    def hide(self, secrets: Mapping[str, str]) -> None:
        """Take these out of everything from now on."""
        self.scrubber.add(secrets.values())

    def emit(self, event: Event) -> None:
        """Send an event to all who listen; everything but progress is journalled and numbered first."""
        journalled = not isinstance(event, Progress)
        seq = self._journal.last + 1 if journalled else 0
        message = self.told(dataclasses.replace(event, seq=seq, at=time.time()))
        is_log = isinstance(event, LogLine)
        if journalled:
            self._journal.add(message, is_log=is_log)
        if isinstance(event, SourceState):
            self._note_source(message)
        self._broadcast(encode({"event": message}), journalled and not is_log)
        if self._journal.failure and not self._told:
            self._told = True
            self.notice(Problem("runner.journal_failed", {"reason": self._journal.failure}))

    def _note_source(self, message: dict[str, Any]) -> None:
        lost = self.source[:1] if self.source and self.source[0]["state"] == "lost" else ()
        if message["state"] == "lost":
            self.source = (*lost, message)
        elif message["state"] != "connecting" or not lost:
            self.source = (message,)

    def told(self, event: Event) -> dict[str, Any]:
        """Return an event as JSON values without a secret in its free text."""
        message = event.to_json()
        figures = (message.get("outputs") or message.get("totals") or {}).values()
        for part in (message, message.get("cause") or {}, *figures):
            part.update({name: self.scrubber.value(part[name]) for name in _FREE_TEXT & part.keys()})
        return message

    def notice(self, problem: Problem) -> None:
        """Tell something that changes no state."""
        self.emit(Notice(code=problem.code, params=problem.params))

    def new_log(self, source: str) -> ChildLog:
        """Return the log of one process."""
        return ChildLog(source, self.scrubber, self.emit)

    def child_started(self, child: Child) -> None:
        """Note a child until it has ended, so that a successor can kill it."""
        self._journal.child_started(child.identity)
        child.exited.add_done_callback(lambda _: self._journal.child_ended(child.identity))
