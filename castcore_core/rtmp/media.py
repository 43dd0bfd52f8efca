"""Tags in messages: both directions, and the queue between a receiving link and its reader."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator

from castcore_core.rtmp.chunk import pack_shared
from castcore_core.rtmp.error import limit_exceeded
from castcore_core.rtmp.link import Link
from castcore_core.rtmp.message import AUDIO_CSID, VIDEO_CSID, Kind, Message, split_aggregate
from castcore_core.rtmp.metadata import from_publish, to_publish
from castcore_core.rtmp.tag import Tag, TagKind


class TagSender:
    """The sending half of a session, shared by publishers and our server's players."""

    def __init__(self, link: Link, stream_id: int, *, publishes: bool) -> None:
        self._link = link
        self.stream_id = stream_id
        self._publishes = publishes
        self.closed = link.follow_closed()
        """Ends with an RtmpError, or None where this side ended the session; never raises."""

    @property
    def unsent(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return self._link.unsent

    @property
    def bytes_sent(self) -> int:
        """Bytes that the kernel has taken, protocol overhead included."""
        return self._link.bytes_sent

    def send(self, tag: Tag) -> None:
        """Hand a tag to the transport. Never blocks and never raises; after the end it goes nowhere.

        The wire form is made once for all sessions that send the same tag one after the other.
        """
        payload = tag.payload
        if self._publishes and tag.kind is TagKind.DATA:
            payload = to_publish(payload)
        csid = VIDEO_CSID if tag.kind is TagKind.VIDEO else AUDIO_CSID
        self._link.write(pack_shared(tag.kind, payload, self.stream_id, tag.timestamp, csid, self._link.chunk_size))

    async def drained(self, below: int = 1) -> None:
        """Wait until fewer than ``below`` bytes are unsent, or the session has ended."""
        await self._link.drained(below)

    def abort(self) -> None:
        """End at once; what is unsent is lost."""
        self._link.abort()


class TagQueue:
    """Received tags that wait for their reader; a full queue makes the link stop reading."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._tags: deque[Tag] = deque()
        self._bytes = 0
        self._paused = False
        self._complete = False
        self._waiter: asyncio.Future[None] | None = None
        link.closed.add_done_callback(lambda _closed: self._wake())

    def put(self, message: Message) -> None:
        """Add what a message carries, if it carries media. Raise PeerError beyond the limits."""
        limits = self._link.limits
        for tag in _tags(message):
            self._tags.append(tag)
            self._bytes += len(tag.payload)
        if len(self._tags) > limits.queue_tags:
            raise limit_exceeded("queue_tags", limits.queue_tags)
        if not self._paused and self._is_over(0.5):
            self._paused = True
            self._link.set_reading(False)
        self._wake()

    def complete(self) -> None:
        """Note that the sender has said goodbye: the end is no error."""
        self._complete = True
        self._wake()

    async def get(self) -> Tag | None:
        """Return the next tag; None after an orderly end. Raise RtmpError for any other end."""
        while not self._tags:
            if self._complete:
                return None
            if self._link.closed.done():
                error = self._link.closed.result()
                if error is not None:
                    raise error
                return None
            await self._woken()
        tag = self._tags.popleft()
        self._bytes -= len(tag.payload)
        if self._paused and not self._is_over(0.25):
            self._paused = False
            self._link.set_reading(True)
        return tag

    async def _woken(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _is_over(self, share: float) -> bool:
        limits = self._link.limits
        return self._bytes > limits.queue_bytes * share or len(self._tags) > limits.queue_tags * share


def _tags(message: Message) -> Iterator[Tag]:
    if message.kind == Kind.AGGREGATE:
        for part in split_aggregate(message):
            yield from _tags(part)
        return
    payload: bytes | None = message.payload
    kind = message.kind
    if kind == Kind.AMF3_DATA:
        kind, payload = Kind.DATA, message.payload[1:]
    if kind == Kind.DATA and payload:
        payload = from_publish(payload)
    if payload and kind in (TagKind.AUDIO, TagKind.VIDEO, TagKind.DATA):
        yield Tag(TagKind(kind), message.timestamp, payload)
