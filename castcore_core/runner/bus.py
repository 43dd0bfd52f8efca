"""Carry one rendition from whoever makes it to whoever wants it."""

from __future__ import annotations

from typing import Protocol

from castcore_core.rtmp.tag import Tag, TagKind
from castcore_core.runner.role import Role, role_of, track_of

MAX_GOP_BYTES = 32 * 1024 * 1024
MAX_GOP_TAGS = 8192


class Subscriber(Protocol):
    """Who takes tags off a bus; never waits and never raises."""

    def put(self, tag: Tag) -> None:
        """Take one tag."""


class Bus:
    """Keeps what a newcomer needs (metadata, headers, the tags since the last keyframe) and hands every tag on.

    A GOP beyond 32 MiB or 8192 tags is not kept: newcomers then wait for the next keyframe.
    """

    def __init__(self) -> None:
        self.tags = 0
        self.bytes = 0
        self.keyframes = 0
        self.last = 0
        self.headers: dict[tuple[TagKind, bytes], Tag] = {}
        self.metadata: Tag | None = None
        self._gop: list[Tag] = []
        self._gop_bytes = 0
        self._subscribers: tuple[Subscriber, ...] = ()

    def publish(self, tag: Tag) -> bool:
        """Hand a tag to all subscribers. Return False for one that was not: nothing new in it, or not for the bus."""
        role = role_of(tag)
        if role is Role.NOTHING or not self._keep(tag, role):
            return False
        self.tags += 1
        self.bytes += len(tag.payload)
        self.last = tag.timestamp
        for subscriber in self._subscribers:
            subscriber.put(tag)
        return True

    def join(self, subscriber: Subscriber) -> None:
        """Give the newcomer the metadata, the headers and the kept GOP at once, and every tag from now on."""
        first = self._gop[0].timestamp if self._gop else self.last
        for tag in (self.metadata, *self.headers.values()):
            if tag is not None:
                subscriber.put(Tag(tag.kind, first, tag.payload))
        for tag in self._gop:
            subscriber.put(tag)
        self._subscribers = (*self._subscribers, subscriber)

    def leave(self, subscriber: Subscriber) -> None:
        """Take a subscriber off; one that is not on the bus is no error."""
        self._subscribers = tuple(other for other in self._subscribers if other is not subscriber)

    def _keep(self, tag: Tag, role: Role) -> bool:
        if role is Role.MEDIA:
            if self._gop:
                self._extend(tag)
        elif role is Role.KEY:
            self._gop.clear()
            self._gop_bytes = 0
            self.keyframes += 1
            self._extend(tag)
        elif role is Role.HEADER:
            track = track_of(tag)
            kept = self.headers.get(track)
            if kept is not None and kept.payload == tag.payload:
                return False
            self.headers[track] = tag
            self._gop.clear()
        else:
            if self.metadata is not None and self.metadata.payload == tag.payload:
                return False
            self.metadata = tag
        return True

    def _extend(self, tag: Tag) -> None:
        self._gop_bytes += len(tag.payload)
        if self._gop_bytes > MAX_GOP_BYTES or len(self._gop) >= MAX_GOP_TAGS:
            self._gop.clear()
            return
        self._gop.append(tag)
