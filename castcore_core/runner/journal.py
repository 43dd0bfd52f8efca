"""Keep what happened until the engine has it, over the runner's own death."""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from castcore_core.runner.event import LogLine
from castcore_core.runner.identity import Identity

LIMIT = 4 * 1024 * 1024
"""Bytes on disk at most, both files of a rewrite together."""

_FILE_LIMIT = LIMIT // 2
_AFTER_REWRITE = LIMIT // 8
_LINE_LIMIT = 64 * 1024


@dataclass(slots=True)
class _Entry:
    line: bytes
    is_log: bool


class Journal:
    """Numbered events in a file, and the children that would have to be killed.

    When the file is full it is written anew: acknowledged events go, then the oldest log lines,
    then, where that is not enough, the oldest states. A disk that takes nothing does not end the stream: the events
    stay in memory, and ``failure`` says what the system said.
    """

    def __init__(self, path: Path, runner: Identity, *, job_id: str = "") -> None:
        """Open the journal and go on where a predecessor stopped; a torn last line is passed over."""
        self._path = path
        self._runner = runner
        self._job_id = job_id
        self._entries: OrderedDict[int, _Entry] = OrderedDict()
        self._children: dict[int, Identity] = {}
        self.acknowledged = 0
        self.last = 0
        self.failure = ""
        for record in read_records(path):
            self._recall(record)
        self.orphans = tuple(self._children.values())
        self._children.clear()
        self._fd = -1
        self._size = 0
        self._rewrite()

    def add(self, event: Mapping[str, Any], *, is_log: bool) -> None:
        """Write an event that carries its ``seq``, one more than ``last``."""
        self.last = int(event["seq"])
        line = _line({"event": event})
        if len(line) > _LINE_LIMIT:
            short = {name: event[name] for name in ("type", "seq", "at", "state", "code", "output") if name in event}
            line = _line({"event": short})
        self._entries[self.last] = _Entry(line, is_log)
        self._append(line)

    def acknowledge(self, seq: int) -> None:
        """Let go of the events up to ``seq``."""
        self.acknowledged = max(self.acknowledged, min(seq, self.last))
        while self._entries and next(iter(self._entries)) <= self.acknowledged:
            self._entries.popitem(last=False)
        self._append(_line({"ack": self.acknowledged}))

    def after(self, seq: int) -> Iterator[bytes]:
        """Yield the kept events behind ``seq`` as JSON lines ``{"event": …}``."""
        yield from [entry.line for number, entry in self._entries.items() if number > seq]

    def child_started(self, child: Identity) -> None:
        """Note a child so that a successor can kill it."""
        self._children[child.pid] = child
        self._append(_line({"child": child.to_json()}))

    def child_ended(self, child: Identity) -> None:
        """Forget a child."""
        self._children.pop(child.pid, None)
        self._append(_line({"gone": child.pid}))

    def set_job(self, job_id: str) -> None:
        """Note which job this is."""
        self._job_id = job_id
        self._append(self._head())

    def close(self, *, remove: bool = False) -> None:
        """Close the file, and remove it where nobody will read it. May be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if remove:
            self._path.unlink(missing_ok=True)

    def _recall(self, record: Mapping[str, Any]) -> None:
        event = record.get("event")
        if isinstance(event, dict) and isinstance(event.get("seq"), int):
            self.last = max(self.last, event["seq"])
            self._entries[event["seq"]] = _Entry(_line(record), event.get("type") == LogLine.type)
        elif isinstance(record.get("child"), dict):
            child = Identity.from_json(record["child"])
            self._children[child.pid] = child
        elif "gone" in record:
            self._children.pop(record["gone"], None)
        elif isinstance(record.get("ack"), int):
            self.acknowledged = max(self.acknowledged, record["ack"])
            self.last = max(self.last, record["ack"])
            self._entries = OrderedDict((seq, entry) for seq, entry in self._entries.items() if seq > record["ack"])

    def _append(self, line: bytes) -> None:
        if self._fd < 0:
            return
        if self._size + len(line) > _FILE_LIMIT:
            self._rewrite()
            return
        try:
            self._size += os.write(self._fd, line)
        except OSError as error:
            self.failure = error.strerror or "write"

    def _rewrite(self) -> None:
        self._thin_out()
        parts = [self._head(), *(_line({"child": child.to_json()}) for child in self._children.values())]
        content = b"".join(
            [*parts, _line({"ack": self.acknowledged}), *(entry.line for entry in self._entries.values())]
        )
        draft = self._path.with_name(self._path.name + ".new")
        try:
            fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self.failure = error.strerror or "open"
            return
        try:
            self._size = os.write(fd, content)
            draft.replace(self._path)
        except OSError as error:
            self.failure = error.strerror or "write"
            os.close(fd)
            return
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = fd

    def _thin_out(self) -> None:
        size = sum(len(entry.line) for entry in self._entries.values())
        for logs_only in (True, False):
            for seq in [seq for seq, entry in self._entries.items() if entry.is_log or not logs_only]:
                if size <= _AFTER_REWRITE:
                    return
                size -= len(self._entries.pop(seq).line)

    def _head(self) -> bytes:
        return _line({"runner": self._runner.to_json(), "job": self._job_id})


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a journal; lines that are no JSON object (torn by a kill) are passed over."""
    try:
        content = path.read_bytes()[:LIMIT]
    except FileNotFoundError:
        return
    for line in content.split(b"\n"):
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            yield record


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"
