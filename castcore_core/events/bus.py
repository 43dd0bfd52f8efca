"""What both buses promise.

Events of one publisher on one channel arrive in their order, at most once, and only at those who listen at that
moment: desired state is in the database, the bus only says that something happened. A listener that is too slow
loses its oldest events and is told; so is everybody after a broken connection, by an event on :data:`RESYNC`.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

RESYNC = "resync"
"""Events may have been lost: read the state again. Sent by the bus itself to every subscription."""

_CHANNEL = re.compile(r"[a-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_PATTERN = re.compile(r"\*|[a-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?")


@dataclass(frozen=True, slots=True)
class Event:
    """One event; ``lost`` counts the older ones that this subscription had to drop just before it."""

    channel: str
    data: Mapping[str, Any]
    lost: int = 0


class Bus(Protocol):
    """Publish and subscribe; channels are ``area.name`` such as ``jobs.UUID``."""

    async def publish(self, channel: str, data: Mapping[str, Any]) -> None:
        """Tell everybody who listens to ``channel``; ``data`` must be JSON. Never waits for a slow listener.

        Raises ValueError for a malformed channel and TypeError for data that is not JSON.
        """
        ...

    def subscribe(self, *patterns: str, limit: int = 1000) -> AbstractAsyncContextManager[Subscription]:
        """Listen to channels, to all below one (``jobs.*``), or to everything (``*``).

        Events published after the ``async with`` was entered arrive. ``limit`` bounds what waits for a slow listener.
        """
        ...

    async def check(self) -> None:
        """Raise TemporaryError ``events.unreachable`` where events do not reach other processes at the moment."""
        ...

    async def close(self) -> None:
        """End every subscription; may be called twice."""
        ...


class Subscription:
    """What waits for one listener: iterate over it. It ends when the bus is closed."""

    def __init__(self, patterns: tuple[str, ...], limit: int) -> None:
        for pattern in patterns:
            if not _PATTERN.fullmatch(pattern):
                raise ValueError(f"not a channel pattern: {pattern!r}")
        self.patterns = patterns
        self.dropped = 0
        self._exact = frozenset(patterns)
        self._prefixes = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))
        self._waiting: deque[Event] = deque()
        self._limit = limit
        self._lost = 0
        self._closed = False
        self._changed = asyncio.Event()

    def matches(self, channel: str) -> bool:
        """Tell whether an event on ``channel`` is for this subscription."""
        return channel == RESYNC or channel in self._exact or channel.startswith(self._prefixes)

    def offer(self, event: Event) -> None:
        """Put an event into the queue, dropping the oldest where it is full."""
        if len(self._waiting) >= self._limit:
            self._waiting.popleft()
            self._lost += 1
            self.dropped += 1
        self._waiting.append(event)
        self._changed.set()

    def end(self) -> None:
        """Let the iteration end after what waits."""
        self._closed = True
        self._changed.set()

    def take(self) -> Event | None:
        """Return the next waiting event without waiting for one."""
        if not self._waiting:
            return None
        event, lost, self._lost = self._waiting.popleft(), self._lost, 0
        return Event(event.channel, event.data, lost) if lost else event

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Event:
        while True:
            if (event := self.take()) is not None:
                return event
            if self._closed:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()


def checked_channel(channel: str) -> str:
    """Return ``channel``, or raise ValueError where it is none."""
    if not _CHANNEL.fullmatch(channel) or channel == RESYNC:
        raise ValueError(f"not a channel: {channel!r}")
    return channel
