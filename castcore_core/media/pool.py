"""Worker processes that stay: started when needed, replaced when they fail, ended when nobody needs them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from castcore_core.media.member import Answer, Member
from castcore_sdk.errors import PermanentError, TemporaryError

TURNS = 500
"""Requests after which a process is replaced: libraries leak, and what one file does to it ends with it."""
_IDLE_SECONDS = 60.0
_MOST_WAITING = 500


class Pool:
    """At most ``size`` workers, niced by ``nice``; ``keep`` of them stay when there is nothing to do."""

    def __init__(self, size: int, *, nice: int = 0, keep: int = 0, idle: float = _IDLE_SECONDS) -> None:
        self._nice = nice
        self._keep = keep
        self._idle = idle
        self._slots = asyncio.Semaphore(size)
        self._free: list[Member] = []
        self._waiting = 0
        self._retiring: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def ask(self, request: Mapping[str, Any], timeout: float, data: bytes = b"") -> Answer:
        """Return the answer to a request; ``timeout`` is counted from where a worker takes it.

        A worker that waited may have died unseen, so a fresh one is asked where it gives no answer. Raises as
        :meth:`Member.ask` does, and TemporaryError ``media.busy`` where hundreds wait already.
        """
        if self._waiting >= _MOST_WAITING or self._closed:
            raise TemporaryError("media.busy")
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            member = self._take()
            used = member.served > 0
            try:
                return await self._ask(member, request, timeout, data)
            except PermanentError as error:
                if not used or error.code != "media.probe_crashed":
                    raise
            return await self._ask(Member(self._nice), request, timeout, data)
        finally:
            self._slots.release()

    async def _ask(self, member: Member, request: Mapping[str, Any], timeout: float, data: bytes) -> Answer:
        try:
            return await member.ask(request, timeout, data)
        finally:
            self._give_back(member)

    async def warm(self) -> None:
        """Start a worker where none waits, so that the next request finds one."""
        if not self._free and not self._closed:
            member = Member(self._nice)
            await member.start()
            self._give_back(member)

    async def close(self) -> None:
        """End every worker that waits; one at work ends with its request. May be called twice."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        leaving, self._free = self._free, []
        await asyncio.gather(*(each.end() for each in leaving), *self._retiring, return_exceptions=True)

    def _take(self) -> Member:
        """Return a worker that waits, a new one where none does; those that have died meanwhile are passed over."""
        while self._free:
            if (member := self._free.pop()).healthy:
                return member
            self._retire(member)
        return Member(self._nice)

    def _give_back(self, member: Member) -> None:
        if self._closed or not member.healthy or member.served >= TURNS:
            self._retire(member)
            return
        self._free.append(member)
        if len(self._free) > self._keep:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(self._idle, self._thin)

    def _thin(self) -> None:
        leaving, self._free = self._free[self._keep :], self._free[: self._keep]
        for member in leaving:
            self._retire(member)

    def _retire(self, member: Member) -> None:
        task = asyncio.get_running_loop().create_task(member.end())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)


@dataclass(frozen=True, slots=True)
class Workers:
    """The server's two pools."""

    front: Pool
    """For what somebody waits for: sources of jobs, uploads. One of it is always there."""
    back: Pool
    """For scans and thumbnails, niced so that streams go first."""
    size: int
    """How many workers the back has."""
