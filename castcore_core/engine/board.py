"""The board on which everybody reads how the jobs are: fed by the engine of this process, or over the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from castcore_core.api.live import Message
from castcore_core.engine.schemas import JobStatus
from castcore_core.events import Bus

STATUS = "streams.status"
"""Channel prefix: the whole status of a job, ``{}`` when it is gone; only where several processes share a bus."""
STATE = "streams.state"
"""Channel prefix: ``{"job", "state", "before", "code", "params", "cause", "waiting", "at"}`` at each change of a job's
state; ``job`` is its name, ``waiting``: for the next attempt of the engine."""
PART = "streams.part"
"""Channel prefix: ``{"job", "part", "name", "state", "before", "code", "params", "at"}`` at each change of a job's
``source`` or of an output, by its id and the name of its destination; of its ``encoder``, where ``name`` stands in
(``fallback``) for the one in ``before``."""
VERDICT = "streams.verdict"
"""Channel prefix: ``{"job", "part", "name", "phase", "before", "severity", "code", "params", "at"}`` at each change of
what a platform says about an output."""
LOG = "streams.log"
"""Channel prefix: a log line; only where several processes share a bus."""
ASK = "streams.ask"
"""Whoever comes late asks here for every status."""

_PACE_S = 0.05

Listener = Callable[[str, Message], None]


class Board:
    """The status of every job that is wanted, or on its way out."""

    def __init__(self, bus: Bus, *, shared: bool) -> None:
        """``shared``: other processes read along on the bus."""
        self._bus = bus
        self._shared = shared
        self._known: dict[str, JobStatus] = {}
        self._sources: dict[str, Callable[[], JobStatus]] = {}
        self._changed: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._listeners: set[Listener] = set()
        self._waiting: list[tuple[str, Mapping[str, Any]]] = []

    def get(self, job_id: str) -> JobStatus | None:
        """Return the status of a job, None for one that is stopped and has nothing to tell."""
        source = self._sources.get(job_id)
        return source() if source is not None else self._known.get(job_id)

    def all(self) -> list[JobStatus]:
        """Return every status there is."""
        found = {**self._known, **{job_id: source() for job_id, source in self._sources.items()}}
        return list(found.values())

    def add(self, job_id: str, source: Callable[[], JobStatus]) -> None:
        """Show a job; ``source`` is asked for its status when it is needed."""
        self._known.pop(job_id, None)
        self._sources[job_id] = source
        self.touch(job_id)

    def touch(self, job_id: str) -> None:
        """Say that a job's status has changed; told to everybody a moment later, once for many changes."""
        self._changed[job_id] = None
        self._wake.set()

    def remove(self, job_id: str) -> None:
        """Take a job off the board: it is stopped. What its last run came to stays."""
        source = self._sources.pop(job_id, None)
        self._changed.pop(job_id, None)
        if source is None:
            return
        status = source().model_copy(update={"desired": "stopped"})
        if status.code:
            self._known[job_id] = status
        self._show(job_id, status, keep=bool(status.code))

    def remember(self, status: JobStatus) -> None:
        """Know what the last run of a stopped job came to."""
        self._known[status.job_id] = status

    def forget(self, kept: Collection[str]) -> None:
        """Forget stopped jobs that are not among the ``kept``: they were deleted."""
        for job_id in self._known.keys() - set(kept):
            del self._known[job_id]

    def receive(self, job_id: str, data: Mapping[str, Any]) -> None:
        """Take a status from the bus."""
        if job_id in self._sources:
            return
        if data:
            self._known[job_id] = JobStatus.model_validate(data)
            self._tell(self._known[job_id])
        elif (gone := self._known.pop(job_id, None)) is not None:
            self._tell(JobStatus(job_id=job_id, name=gone.name))

    def publish(self, channel: str, data: Mapping[str, Any]) -> None:
        """Put something on the bus without waiting for it; what only other processes need stays off a local one."""
        if self._shared or channel.startswith((f"{STATE}.", f"{PART}.", f"{VERDICT}.")):
            self._waiting.append((channel, data))
            self._wake.set()

    @contextmanager
    def listen(self, listener: Listener) -> Iterator[list[JobStatus]]:
        """Give every status, and call ``listener`` with each change and the job's id."""
        self._listeners.add(listener)
        try:
            yield self.all()
        finally:
            self._listeners.discard(listener)

    async def keep(self) -> None:
        """Tell what has changed until cancelled."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(_PACE_S)
            self._wake.clear()
            changed, self._changed = self._changed, {}
            if self._listeners or self._shared:
                for job_id in changed:
                    if (source := self._sources.get(job_id)) is not None:
                        self._show(job_id, source())
            waiting, self._waiting = self._waiting, []
            for channel, data in waiting:
                await self._bus.publish(channel, data)

    def tell_all(self) -> None:
        """Publish every status again: somebody asked."""
        for job_id in self._sources:
            self.touch(job_id)
        for job_id, status in self._known.items():
            self.publish(f"{STATUS}.{job_id}", status.model_dump(mode="json"))

    def _show(self, job_id: str, status: JobStatus, *, keep: bool = True) -> None:
        self._tell(status)
        if self._shared:
            self.publish(f"{STATUS}.{job_id}", status.model_dump(mode="json") if keep else {})

    def _tell(self, status: JobStatus) -> None:
        if self._listeners:
            message = Message("status", status.model_dump(mode="json"))
            for listener in tuple(self._listeners):
                listener(status.job_id, message)
