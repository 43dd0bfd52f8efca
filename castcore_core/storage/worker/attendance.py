"""Tell the servers that attend a worker how it does, and what its plugin writes into its log."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from castcore_core.storage.wire import encode

BEAT_SECONDS = 2.0
_MOST_LINES = 500
_LONGEST_LINE = 4000


class Attendance:
    """The connections of the servers that attend. Log lines go to the first that comes."""

    def __init__(self, report: Callable[[], Mapping[str, Any]]) -> None:
        self.count = 0
        self._report = report
        self._lines: deque[dict[str, Any]] = deque(maxlen=_MOST_LINES)
        self._news = asyncio.Event()

    def told(self) -> None:
        """Say that the report has changed."""
        self._news.set()

    def log(self, record: logging.LogRecord) -> None:
        """Keep a line of the log until a server takes it; the oldest go first."""
        text = record.getMessage()[:_LONGEST_LINE]
        self._lines.append({"event": "log", "level": record.levelno, "logger": record.name, "line": text})
        self._news.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Report at every change and every 2 s, until the other side goes."""
        self.count += 1
        gone = asyncio.ensure_future(reader.read(1))
        try:
            while not gone.done():
                self._news.clear()
                while self._lines:
                    writer.write(encode(self._lines.popleft()))
                writer.write(encode({"event": "report", **self._report()}))
                await writer.drain()
                news = asyncio.ensure_future(self._news.wait())
                await asyncio.wait({gone, news}, timeout=BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
        finally:
            self.count -= 1
            gone.cancel()


class AttendedLog(logging.Handler):
    """Hands log records to the attendance, from whatever thread they come."""

    def __init__(self, attendance: Attendance) -> None:
        super().__init__(logging.INFO)
        self._attendance = attendance
        self._loop = asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a record over."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._attendance.log, record)
