"""How much a peer may send, and how long it may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on everything that comes in; beyond one the session ends with ``rtmp.limit_exceeded``.

    A 4K keyframe at 50 Mbit/s is 1–3 MB; encoders announce chunk sizes of 128 … 65 536 bytes.
    """

    message_bytes: int = 2**24 - 1
    """Length of one message; the default is the longest that the format knows."""
    partial_bytes: int = 24 * 2**20
    """Bytes of unfinished messages, all chunk streams together."""
    chunk_streams: int = 64
    smallest_chunk: int = 64
    """A peer that announces less costs a processor more than it sends."""
    amf_depth: int = 16
    amf_values: int = 2048
    """Values in one command or data message, nested ones included."""
    unauthenticated_bytes: int = 64 * 2**10
    """All that a client may send to our server before it is let in, handshake included."""
    queue_bytes: int = 16 * 2**20
    """Received tags that the application has not taken; reading pauses at half of it."""
    queue_tags: int = 16_384
    connections: int = 64
    """Connections to our server at one time."""
    connections_per_address: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds that each step may take."""

    dns: float = 5.0
    connect: float = 10.0
    tls: float = 5.0
    handshake: float = 10.0
    answer: float = 10.0
    """From a command to its answer; on our server, from the handshake to ``publish`` or ``play``."""
    idle: float = 30.0
    """Without a byte from a side that is to send media."""
    stalled: float = 10.0
    """Without a byte taken by a side that is to receive media (also the kernel's TCP_USER_TIMEOUT)."""


DEFAULT_LIMITS = Limits()
DEFAULT_TIMEOUTS = Timeouts()
