"""Server-sent events with replay: who comes late, or comes back, gets what has passed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from quart import Response, request

from castcore_core.api.gate import Actor, current_actor
from castcore_core.api.live import session_end
from castcore_core.core import Core

_PING_S = 15.0
_KEPT = 1000


class EventLog:
    """The events of one thing that comes to an end, such as a preflight; numbered from 1, at most 1000 are kept."""

    def __init__(self, limit: int = _KEPT) -> None:
        self._events: list[tuple[int, str, str]] = []
        self._limit = limit
        self._last = 0
        self._finished = False
        self._changed = asyncio.Event()

    @property
    def finished(self) -> bool:
        """Tell whether nothing more will come."""
        return self._finished

    @property
    def last(self) -> int:
        """The number of the newest event, 0 before the first."""
        return self._last

    def append(self, kind: str, data: Any) -> None:
        """Add an event. Raises RuntimeError after :meth:`finish`."""
        if self._finished:
            raise RuntimeError("the log is finished")
        self._last += 1
        self._events.append((self._last, kind, json.dumps(data, ensure_ascii=False, separators=(",", ":"))))
        del self._events[: -self._limit]
        self._wake()

    def finish(self) -> None:
        """Say that nothing more will come; may be called twice."""
        self._finished = True
        self._wake()

    async def follow(self, after: int = 0) -> AsyncIterator[tuple[int, str, str]]:
        """Yield number, kind and JSON of every event after number ``after``, until the log is finished."""
        while True:
            changed = self._changed
            for event in [event for event in self._events if event[0] > after]:
                after = event[0]
                yield event
            if self._finished and after >= self._last:
                return
            if changed is self._changed:
                await changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def send_events(core: Core, log: EventLog) -> Response:
    """Return the answer that streams ``log``, from after ``Last-Event-ID`` where the client names one.

    204 where it has everything of a finished log: that stops a browser from asking again (WHATWG HTML, 9.2.3).
    """
    given = request.headers.get("Last-Event-ID", "")
    after = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else 0
    if log.finished and 0 < log.last <= after:
        return Response(b"", 204)
    response = Response(_lines(core, log, after, current_actor()), content_type="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    response.timeout = None
    return response


async def _lines(core: Core, log: EventLog, after: int, actor: Actor | None) -> AsyncIterator[bytes]:
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(1)
    tasks = [
        asyncio.create_task(_feed(log, after, queue)),
        asyncio.create_task(_end(core.stopping.wait(), queue)),
        asyncio.create_task(_end(session_end(actor), queue)),
    ]
    try:
        yield b"retry: 2000\n\n"
        while True:
            try:
                block = await asyncio.wait_for(queue.get(), _PING_S)
            except TimeoutError:
                block = b": ping\n\n"
            if block is None:
                return
            yield block
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _feed(log: EventLog, after: int, queue: asyncio.Queue[bytes | None]) -> None:
    async for number, kind, data in log.follow(after):
        await queue.put(f"id: {number}\nevent: {kind}\ndata: {data}\n\n".encode())
    await queue.put(None)


async def _end(ending: Any, queue: asyncio.Queue[bytes | None]) -> None:
    await ending
    await queue.put(None)
