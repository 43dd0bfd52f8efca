"""Take tags from a bus to one destination without ever waiting for it."""

from __future__ import annotations

import asyncio
from typing import Protocol

from castcore_core.rtmp.tag import Tag
from castcore_core.runner.bus import Bus
from castcore_core.runner.egress.queue import TagQueue

_HIGH_WATER = 128 * 1024
"""Bytes left with a link before tags wait here, where they can still be dropped."""

_PUMP_SECONDS = 0.02


class Link(Protocol):
    """One open way to a destination."""

    @property
    def unsent(self) -> int:
        """Bytes that the link has not handed to the kernel yet."""

    def send(self, tag: Tag) -> None:
        """Send a tag without waiting; never raises."""


class Lane:
    """A subscriber with a bounded queue. Times on each link start at zero."""

    def __init__(self, queue_ms: int, *, video: bool) -> None:
        self.queue = TagQueue(queue_ms, video=video)
        self.tags = 0
        self.bytes = 0
        self._bus: Bus | None = None
        self._link: Link | None = None
        self._base: int | None = None
        self._reached = 0
        self._delivered_ms = 0
        self._timer: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def seconds(self) -> float:
        """Seconds of programme handed over, all links together."""
        return (self._delivered_ms + self._reached) / 1000

    def join(self, bus: Bus) -> None:
        """Subscribe, if not on the bus already; the bus's kept tags wait then instead of what waited before."""
        if self._bus is None:
            self._bus = bus
            self.queue.clear()
            bus.join(self)
            self.queue.excuse()

    def leave(self) -> None:
        """Take nothing more off the bus; what waits stays. May be called twice."""
        if self._bus is not None:
            self._bus.leave(self)
            self._bus = None

    def connect(self, link: Link) -> None:
        """Send through ``link`` from now on, first what waits."""
        self._link = link
        self._base = None
        self._pump()

    def disconnect(self) -> None:
        """Leave the bus and the link, and forget what waits. May be called twice."""
        self.leave()
        self._link = None
        self.queue.clear()
        self._empty.set()
        self._delivered_ms += self._reached
        self._reached = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def drained(self) -> None:
        """Wait until nothing waits any more, or nothing will be delivered."""
        await self._empty.wait()

    def put(self, tag: Tag) -> None:
        """Take a tag off the bus."""
        link = self._link
        if link is None or self.queue or link.unsent > _HIGH_WATER:
            self.queue.put(tag)
            self._empty.clear()
            if link is not None and self._timer is None:
                self._pump()
        else:
            self._send(link, tag)

    def _send(self, link: Link, tag: Tag) -> None:
        if self._base is None:
            self._base = tag.timestamp
        time = tag.timestamp - self._base & 0xFFFFFFFF
        if time >= 1 << 31 and self._reached < 1 << 30:
            time = 0
        self._reached = max(time, self._reached)
        self.tags += 1
        self.bytes += len(tag.payload)
        link.send(tag if time == tag.timestamp else Tag(tag.kind, time, tag.payload))

    def _pump(self) -> None:
        self._timer = None
        link = self._link
        if link is None:
            return
        while self.queue and link.unsent <= _HIGH_WATER:
            self._send(link, self.queue.pop())
        if self.queue:
            self._timer = asyncio.get_running_loop().call_later(_PUMP_SECONDS, self._pump)
        else:
            self._empty.set()
