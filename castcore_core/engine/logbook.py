"""The log of each job: its last lines in memory for those who come to look, all of them in files of limited size."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from castcore_core.api.live import Message
from castcore_core.ffmpeg.diagnosis import diagnose
from castcore_core.i18n import translate
from castcore_core.runner.event import LogLine
from castcore_core.secrets import scrubber

KEPT = 200
"""Lines that a new viewer sees."""
FILE_LIMIT = 1024 * 1024
FILES = 4
"""Files per job, the one that is written among them."""
BUDGET = 256 * 1024 * 1024
"""Bytes of all jobs' logs together; the oldest files go first."""
_LINE_LIMIT = 4000

Listener = Callable[[Message], None]


class Book:
    """One job's log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.listeners: set[Listener] = set()
        self.waiting: list[str] = []
        self.read = False

    def load(self) -> None:
        """Read the end of the file, once."""
        if self.read:
            return
        self.read = True
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - KEPT * 1024))
                ends = file.read().splitlines()[-KEPT:]
        except FileNotFoundError:
            return
        older = [line for end in ends if (line := _parsed(end)) is not None]
        newer = list(self.lines)
        self.lines.clear()
        self.lines.extend([*older, *newer])


class Logbook:
    """The logs of all jobs."""

    def __init__(self, folder: Path, *, budget: int = BUDGET) -> None:
        self._folder = folder
        self._budget = budget
        self._books: dict[str, Book] = {}
        self._heard: Callable[[str, dict[str, Any]], None] = lambda job_id, line: None
        self._tidied = 0.0

    def on_line(self, heard: Callable[[str, dict[str, Any]], None]) -> None:
        """Call ``heard`` with every line: for those who read it in other processes."""
        self._heard = heard

    def add(self, job_id: str, event: LogLine) -> None:
        """Take a line of an ffmpeg. One that is known already, because it was told before a restart, is passed over."""
        line: dict[str, Any] = {"at": event.at, "seq": event.seq, "source": event.source, "level": event.level}
        line["line"] = scrubber.scrub(event.line)[:_LINE_LIMIT]
        if event.level in ("error", "warning"):
            hint = diagnose([line["line"]])
            if hint.code != "ffmpeg.failed":
                line |= {"code": hint.code, "params": dict(hint.params)}
        book = self._book(job_id)
        if all((known.get("seq"), known["at"]) != (event.seq, event.at) for known in book.lines):
            self._take(job_id, book, line)

    def say(self, job_id: str, level: str, code: str, params: dict[str, Any]) -> None:
        """Add a line of the engine's own."""
        line = {"at": time.time(), "source": "engine", "level": level, "code": code, "params": params}
        line["line"] = scrubber.scrub(translate(code, params).message)
        self._take(job_id, self._book(job_id), line)

    def receive(self, job_id: str, line: dict[str, Any]) -> None:
        """Take a line that another process has written."""
        book = self._book(job_id)
        book.lines.append(line)
        _tell(book, line)

    async def open(self, job_id: str) -> None:
        """Know the last lines of an earlier life."""
        await asyncio.to_thread(self._book(job_id).load)

    @contextmanager
    def listen(self, job_id: str, listener: Listener) -> Iterator[list[dict[str, Any]]]:
        """Give the last lines, and call ``listener`` with each that comes; call :meth:`open` before."""
        book = self._book(job_id)
        book.listeners.add(listener)
        try:
            yield list(book.lines)
        finally:
            book.listeners.discard(listener)

    async def write(self) -> None:
        """Put what waits into the files."""
        waiting = {book.path: book.waiting for book in self._books.values() if book.waiting}
        for book in self._books.values():
            if book.path in waiting:
                book.waiting = []
        if waiting:
            await asyncio.to_thread(self._write, waiting)

    def _book(self, job_id: str) -> Book:
        return self._books.setdefault(job_id, Book(self._folder / f"{job_id}.log"))

    def _take(self, job_id: str, book: Book, line: dict[str, Any]) -> None:
        book.lines.append(line)
        book.waiting.append(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
        _tell(book, line)
        self._heard(job_id, line)

    def _write(self, waiting: dict[Path, list[str]]) -> None:
        for path, lines in waiting.items():
            data = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, data)
                size = os.fstat(descriptor).st_size
            finally:
                os.close(descriptor)
            if size > FILE_LIMIT:
                _rotate(path)
        if time.monotonic() - self._tidied > 60:
            self._tidied = time.monotonic()
            self.tidy()

    def tidy(self) -> None:
        """Remove the oldest files beyond the budget."""
        files = sorted((file.stat().st_mtime, file.stat().st_size, file) for file in self._folder.glob("*.log*"))
        over = sum(size for _, size, _ in files) - self._budget
        for _, size, file in files:
            if over <= 0:
                return
            file.unlink(missing_ok=True)
            over -= size


def _tell(book: Book, line: dict[str, Any]) -> None:
    if book.listeners:
        message = Message("line", line)
        for listener in tuple(book.listeners):
            listener(message)


def _rotate(path: Path) -> None:
    for number in range(FILES - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number - 1}") if number > 1 else path
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number}"))


def _parsed(text: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) and "at" in line and "line" in line else None
