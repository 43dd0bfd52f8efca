"""Chunk streams: bytes to messages and back, without any I/O.

Source: Adobe's Real Time Messaging Protocol (2012), section 5.3. Where the text is silent, what
ffmpeg, librtmp and nginx do: chunks of type 3 repeat the extended timestamp.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from castcore_core.rtmp.error import limit_exceeded, protocol_error
from castcore_core.rtmp.limit import DEFAULT_LIMITS, Limits
from castcore_core.rtmp.message import CONTROL_CSID, TIME_MASK, Kind, Message, read_uint32

FIRST_CHUNK_SIZE = 128
OWN_CHUNK_SIZE = 60_000
"""What we announce; every ffmpeg announces it to its servers, so they all take it."""

_EXTENDED = 0xFFFFFF
_HEADER_BYTES = (11, 7, 3, 0)


def pack(message: Message, csid: int, chunk_size: int) -> bytes:
    """Return a message as chunks: type 0 first, so that the bytes depend on nothing sent before, then type 3."""
    payload, time = message.payload, message.timestamp
    extended = struct.pack(">I", time) if time >= _EXTENDED else b""
    head = struct.pack(">BI", csid, min(time, _EXTENDED))
    head = head[:1] + head[2:] + len(payload).to_bytes(3, "big") + bytes((message.kind,))
    head += struct.pack("<I", message.stream_id) + extended
    if len(payload) <= chunk_size:
        return head + payload
    again = bytes((0xC0 | csid,)) + extended
    pieces = [head, payload[:chunk_size]]
    for start in range(chunk_size, len(payload), chunk_size):
        pieces += (again, payload[start : start + chunk_size])
    return b"".join(pieces)


@lru_cache(maxsize=8)
def pack_shared(kind: int, payload: bytes, stream_id: int, timestamp: int, csid: int, chunk_size: int) -> bytes:
    """Return ``pack`` of a media message, kept for the next publishers of the same tag."""
    return pack(Message(kind, payload, stream_id, timestamp), csid, chunk_size)


@dataclass(slots=True)
class _Stream:
    """What a chunk stream remembers of its last header, and the message it is in the middle of."""

    timestamp: int = 0
    delta: int = 0
    length: int = 0
    kind: int = 0
    stream_id: int = 0
    extended: bytes = b""
    partial: bytearray | None = None


class _Header(NamedTuple):
    csid: int
    form: int
    field: int
    length: int
    kind: int
    stream_id: int
    extended: bytes
    end: int


class ChunkReader:
    """Turn a byte stream, cut anywhere, into messages. Chunk size and abort messages are followed, not returned."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self.chunk_size = FIRST_CHUNK_SIZE
        self.longest = limits.message_bytes
        """Bytes that one message may have; lowered while a client is not let in yet."""
        self._limits = limits
        self._streams: dict[int, _Stream] = {}
        self._buffer = bytearray()
        self._partial_bytes = 0

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that ``data`` completes. Raise PeerError for what is no chunk or beyond a limit."""
        buffer, offset = self._buffer, 0
        buffer += data
        while (header := self._read_header(offset)) is not None:
            stream = self._streams.get(header.csid) or self._new_stream(header)
            continues = header.form == 3 and stream.partial is not None
            done = len(stream.partial or b"") if continues else 0
            end = header.end + min(self.chunk_size, header.length - done)
            if end > len(buffer):
                break
            if not continues:
                self._start_message(stream, header)
            offset = end
            if (message := self._add(stream, bytes(memoryview(buffer)[header.end : end]))) is None:
                continue
            if message.kind == Kind.SET_CHUNK_SIZE:
                self._set_chunk_size(read_uint32(message))
            elif message.kind == Kind.ABORT:
                self._abort(read_uint32(message))
            else:
                yield message
        del buffer[:offset]

    def _read_header(self, offset: int) -> _Header | None:
        """Read a chunk's header without any effect, so that a header cut short can be read again."""
        buffer = self._buffer
        if offset >= len(buffer):
            return None
        form, csid = buffer[offset] >> 6, buffer[offset] & 0x3F
        start = offset + (csid + 2 if csid < 2 else 1)
        end = start + _HEADER_BYTES[form]
        if end > len(buffer):
            return None
        if csid < 2:
            csid = 64 + int.from_bytes(buffer[offset + 1 : start], "little")
        last = self._streams.get(csid)
        if last is None and form != 0:
            last = self._first_header_forgiven(csid, form)
        stream = last or _Stream()
        field = int.from_bytes(buffer[start : start + 3], "big") if form < 3 else stream.delta
        length = int.from_bytes(buffer[start + 3 : start + 6], "big") if form < 2 else stream.length
        kind = buffer[start + 6] if form < 2 else stream.kind
        stream_id = int.from_bytes(buffer[start + 7 : start + 11], "little") if form == 0 else stream.stream_id
        extended = b""
        if field == _EXTENDED if form < 3 else bool(stream.extended):
            extended = bytes(buffer[end : end + 4])
            if len(extended) < 4:
                return None
            if form < 3 or extended == stream.extended:
                end += 4
            extended = extended if form < 3 else stream.extended
            field = int.from_bytes(extended, "big")
        if length > self.longest:
            raise limit_exceeded("message_bytes", self.longest)
        return _Header(csid, form, field, length, kind, stream_id, extended, end)

    @staticmethod
    def _first_header_forgiven(csid: int, form: int) -> _Stream:
        """Take a type 1 header as a stream's first, as librtmp sends it for control messages; no other."""
        if form != 1:
            raise protocol_error(f"chunk stream {csid} starts with a header of type {form}")
        return _Stream()

    def _new_stream(self, header: _Header) -> _Stream:
        if len(self._streams) >= self._limits.chunk_streams:
            raise limit_exceeded("chunk_streams", self._limits.chunk_streams)
        stream = self._streams[header.csid] = _Stream()
        return stream

    def _start_message(self, stream: _Stream, header: _Header) -> None:
        self._drop_partial(stream)
        stream.timestamp = header.field if header.form == 0 else (stream.timestamp + header.field) & TIME_MASK
        stream.delta, stream.length, stream.kind = header.field, header.length, header.kind
        stream.stream_id, stream.extended = header.stream_id, header.extended

    def _add(self, stream: _Stream, data: bytes) -> Message | None:
        """Add a chunk's bytes to its message, and return the message where it is whole."""
        if stream.partial is None and len(data) == stream.length:
            return Message(stream.kind, data, stream.stream_id, stream.timestamp)
        if stream.partial is None:
            stream.partial = bytearray()
        stream.partial += data
        self._partial_bytes += len(data)
        if self._partial_bytes > self._limits.partial_bytes:
            raise limit_exceeded("partial_bytes", self._limits.partial_bytes)
        if len(stream.partial) < stream.length:
            return None
        whole = bytes(stream.partial)
        self._drop_partial(stream)
        return Message(stream.kind, whole, stream.stream_id, stream.timestamp)

    def _drop_partial(self, stream: _Stream) -> None:
        if stream.partial is not None:
            self._partial_bytes -= len(stream.partial)
            stream.partial = None

    def _set_chunk_size(self, size: int) -> None:
        if not self._limits.smallest_chunk <= size <= 0x7FFFFFFF:
            raise protocol_error(f"chunk size {size}")
        self.chunk_size = size

    def _abort(self, csid: int) -> None:
        if csid in self._streams:
            self._drop_partial(self._streams[csid])


def pack_control(message: Message) -> bytes:
    """Return a control message as one chunk (they are shorter than the smallest chunk size)."""
    return pack(message, CONTROL_CSID, FIRST_CHUNK_SIZE)
