"""WebSockets that never wait for a slow client: a bounded outbox each, coalesced, numbered, with its losses told.

A frame is ``{"events": [{"seq": 7, "type": "status", "data": …}, …], "lost": 3}``. Numbers rise by one per event of
this connection; a gap is an event that the client was too slow for, and ``lost`` counts them. The first event is a
snapshot.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import OrderedDict
from collections.abc import Hashable
from functools import cached_property
from typing import Any

from quart import websocket

from castcore_core.api.gate import Actor, current_actor
from castcore_core.core import Core

GOING_AWAY = 1001
"""RFC 6455, 7.4.1: the server stops."""
SESSION_ENDED = 4401
"""Private range of RFC 6455, 7.4.2: sign in again."""

_LIMIT = 2000
_PACE_S = 0.1
_PER_FRAME = 500
_CLOSE_S = 0.2
_LOOK_S = 1.0


class Message:
    """One event for any number of clients; its JSON is written once."""

    def __init__(self, kind: str, data: Any) -> None:
        self.kind = kind
        self._data = data

    @cached_property
    def text(self) -> str:
        """The end of the event's JSON, after its number."""
        data = json.dumps(self._data, ensure_ascii=False, separators=(",", ":"))
        return f'"type":{json.dumps(self.kind)},"data":{data}}}'


class Outbox:
    """What waits for one client: at most ``limit`` events, the oldest are dropped and counted."""

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit = limit
        self._waiting: OrderedDict[Hashable, tuple[int, Message]] = OrderedDict()
        self._sequence = 0
        self._lost = 0
        self._filled = asyncio.Event()

    def put(self, message: Message, key: Hashable | None = None) -> None:
        """Add an event. One that waits under the same ``key`` is replaced in its place, and that is no loss."""
        if key is not None and ("key", key) in self._waiting:
            number, _ = self._waiting["key", key]
            self._waiting["key", key] = (number, message)
            return
        self._sequence += 1
        self._waiting[("number", self._sequence) if key is None else ("key", key)] = (self._sequence, message)
        if len(self._waiting) > self._limit:
            self._waiting.popitem(last=False)
            self._lost += 1
        self._filled.set()

    async def frame(self) -> str:
        """Wait until there is something and return the next frame, of at most 500 events."""
        await self._filled.wait()
        taken = [self._waiting.popitem(last=False)[1] for _ in range(min(len(self._waiting), _PER_FRAME))]
        lost, self._lost = self._lost, 0
        if not self._waiting:
            self._filled.clear()
        events = ",".join(f'{{"seq":{number},{message.text}' for number, message in taken)
        return f'{{"events":[{events}],"lost":{lost}}}'


async def send_live(core: Core, outbox: Outbox) -> None:
    """Accept the WebSocket of this context and send the outbox until the client, the session or the server ends.

    What the client sends is read and thrown away. The view fills the outbox from a task of its own, or from callbacks.
    """
    await websocket.accept()
    endings = {
        asyncio.create_task(_send(outbox)): 1011,
        asyncio.create_task(_discard()): 1000,
        asyncio.create_task(core.stopping.wait()): GOING_AWAY,
        asyncio.create_task(session_end(current_actor())): SESSION_ENDED,
    }
    try:
        done, _ = await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in endings:
            task.cancel()
        await asyncio.gather(*endings, return_exceptions=True)
    code = GOING_AWAY if core.stopping.is_set() else endings[done.pop()]
    # A client that does not read keeps even the close frame waiting; the server does not wait with it.
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(websocket.close(code), _CLOSE_S)


async def session_end(actor: Actor | None) -> None:
    """Return when the session of ``actor`` has ended; never for an open route."""
    if actor is None:
        await asyncio.Event().wait()
    else:
        while await actor.is_valid():  # noqa: ASYNC110 (there is no event that every kind of end would set)
            await asyncio.sleep(_LOOK_S)


async def _send(outbox: Outbox) -> None:
    while True:
        await websocket.send(await outbox.frame())
        await asyncio.sleep(_PACE_S)


async def _discard() -> None:
    while True:
        await websocket.receive()
