"""Keep tags for a destination that is slow, up to a bound in milliseconds of stream."""

from __future__ import annotations

from collections import deque

from castcore_core.rtmp.tag import Tag
from castcore_core.runner.role import Role, role_of, track_of

MAX_BYTES = 64 * 1024 * 1024


class TagQueue:
    """First in, first out. Full: everything up to the next keyframe goes, headers stay.

    ``video`` says that decoders need keyframes; without it the older half goes.
    """

    def __init__(self, limit_ms: int, *, video: bool) -> None:
        self.dropped_tags = 0
        self.dropped_ms = 0
        self._limit_ms = limit_ms
        self._video = video
        self._headers: dict[object, Tag] = {}
        self._tags: deque[Tag] = deque()
        self._bytes = 0
        self._grace_ms = 0
        self._waiting = False

    def __len__(self) -> int:
        return len(self._headers) + len(self._tags)

    @property
    def span_ms(self) -> int:
        """Milliseconds of stream that wait."""
        return _between(self._tags[0], self._tags[-1]) if self._tags else 0

    def excuse(self) -> None:
        """Let what waits now (a kept GOP) not count against the bound until the queue has run empty."""
        self._grace_ms = self.span_ms

    def put(self, tag: Tag) -> None:
        """Take a tag; may drop others or this one."""
        if self._waiting and not self._admit(tag):
            return
        self._tags.append(tag)
        self._bytes += len(tag.payload)
        if self.span_ms > self._limit_ms + self._grace_ms or self._bytes > MAX_BYTES:
            self._shed()

    def pop(self) -> Tag:
        """Return the oldest tag. Raise IndexError where there is none."""
        if self._headers:
            return self._headers.pop(next(iter(self._headers)))
        tag = self._tags.popleft()
        self._bytes -= len(tag.payload)
        if not self._tags:
            self._grace_ms = 0
        return tag

    def clear(self) -> None:
        """Forget all tags, without counting them as dropped."""
        self._tags.clear()
        self._headers.clear()
        self._bytes = self._grace_ms = 0
        self._waiting = False

    def _admit(self, tag: Tag) -> bool:
        role = role_of(tag)
        if role is Role.MEDIA:
            self.dropped_tags += 1
            return False
        if role is Role.KEY:
            self._waiting = False
            return True
        self._headers[_slot(tag, role)] = tag
        return False

    def _shed(self) -> None:
        span, half = self.span_ms, len(self._tags) // 2
        begun = False
        while self._tags:
            role = role_of(self._tags[0])
            if begun and self._fits() and (role is Role.KEY if self._video else len(self._tags) <= half):
                break
            tag = self._tags.popleft()
            self._bytes -= len(tag.payload)
            if role in (Role.HEADER, Role.METADATA):
                self._headers[_slot(tag, role)] = tag
            else:
                begun = True
                self.dropped_tags += 1
        self._waiting = self._video and not self._tags
        self._grace_ms = 0
        self.dropped_ms += span - self.span_ms

    def _fits(self) -> bool:
        return self.span_ms <= self._limit_ms and self._bytes <= MAX_BYTES


def _slot(tag: Tag, role: Role) -> object:
    return track_of(tag) if role is Role.HEADER else role


def _between(first: Tag, last: Tag) -> int:
    span = last.timestamp - first.timestamp & 0xFFFFFFFF
    return span if span < 1 << 31 else 0
