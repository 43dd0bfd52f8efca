"""RTMP messages: their types, the protocol's own control messages, and aggregates.

Source: Adobe's Real Time Messaging Protocol (2012), sections 5.4, 6.2 and 7.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from castcore_core.rtmp.error import protocol_error

TIME_MASK = 0xFFFFFFFF
"""Timestamps are milliseconds modulo 2**32."""

CONTROL_CSID, COMMAND_CSID, AUDIO_CSID, VIDEO_CSID = 2, 3, 4, 6


class Kind(IntEnum):
    """Message type ids."""

    SET_CHUNK_SIZE = 1
    ABORT = 2
    ACKNOWLEDGEMENT = 3
    USER_CONTROL = 4
    WINDOW_SIZE = 5
    PEER_BANDWIDTH = 6
    AUDIO = 8
    VIDEO = 9
    AMF3_DATA = 15
    AMF3_COMMAND = 17
    DATA = 18
    COMMAND = 20
    AGGREGATE = 22


class Event(IntEnum):
    """User control events."""

    STREAM_BEGIN = 0
    STREAM_EOF = 1
    STREAM_DRY = 2
    SET_BUFFER_LENGTH = 3
    STREAM_IS_RECORDED = 4
    PING_REQUEST = 6
    PING_RESPONSE = 7


@dataclass(frozen=True, slots=True)
class Message:
    """One message, whole. ``kind`` is a number since peers may send types that we do not know."""

    kind: int
    payload: bytes = field(repr=False)
    stream_id: int = 0
    timestamp: int = 0


def set_chunk_size(size: int) -> Message:
    """Announce the size of the chunks that follow."""
    return Message(Kind.SET_CHUNK_SIZE, struct.pack(">I", size))


def acknowledgement(received: int) -> Message:
    """Tell how many bytes have come in so far (modulo 2**32)."""
    return Message(Kind.ACKNOWLEDGEMENT, struct.pack(">I", received & 0xFFFFFFFF))


def window_size(size: int) -> Message:
    """Ask for an acknowledgement every ``size`` bytes."""
    return Message(Kind.WINDOW_SIZE, struct.pack(">I", size))


def peer_bandwidth(size: int) -> Message:
    """Limit the peer's unacknowledged output, dynamic type."""
    return Message(Kind.PEER_BANDWIDTH, struct.pack(">IB", size, 2))


def user_control(event: Event, *values: int) -> Message:
    """Return a user control message whose fields are 4 bytes each."""
    return Message(Kind.USER_CONTROL, struct.pack(f">H{len(values)}I", event, *values))


def read_uint32(message: Message) -> int:
    """Return the number that a control message starts with. Raise PeerError where it is cut short."""
    if len(message.payload) < 4:
        raise protocol_error(f"control message {message.kind} of {len(message.payload)} bytes")
    return int.from_bytes(message.payload[:4], "big")


def split_aggregate(message: Message) -> Iterator[Message]:
    """Yield the parts of a type 22 message, times moved to its own. Raise PeerError for one that is cut short."""
    payload, offset, shift = message.payload, 0, None
    while offset < len(payload):
        if len(payload) - offset < 11:
            raise protocol_error("aggregate message cut short")
        kind = payload[offset] & 0x1F
        length = int.from_bytes(payload[offset + 1 : offset + 4], "big")
        time = int.from_bytes(payload[offset + 4 : offset + 7], "big") | payload[offset + 7] << 24
        start = offset + 11
        offset = start + length + 4
        if start + length > len(payload):
            raise protocol_error("aggregate message cut short")
        shift = message.timestamp - time if shift is None else shift
        if kind == Kind.AGGREGATE:
            raise protocol_error("aggregate within an aggregate")
        yield Message(kind, payload[start : start + length], message.stream_id, (time + shift) & TIME_MASK)
