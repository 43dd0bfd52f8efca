"""The plain RTMP handshake, without any I/O. Source: Adobe's Real Time Messaging Protocol (2012), section 5.2.

Peers that offer the undocumented digest form (nginx, ffmpeg, Adobe's servers) fall back to this one
when the version field of our packet is zero; a digest in theirs is echoed like any other bytes.
"""

from __future__ import annotations

import os

from castcore_core.rtmp.error import NetworkError, SetupError

_VERSION = 3
_PACKET = 1536
_TLS_RECORDS = (0x15, 0x16)


class Handshake:
    """One side's handshake: feed what comes in, send what comes out, until ``rest`` is no longer None."""

    def __init__(self, *, server: bool) -> None:
        self.rest: bytes | None = None
        """Once done: the bytes that came after the handshake."""
        self._own = bytes((_VERSION,)) + bytes(8) + os.urandom(_PACKET - 8)
        self._server = server
        self._answered = False
        self._buffer = bytearray()

    def start(self) -> bytes:
        """Return what to send first: a client's C0 and C1, nothing for a server."""
        return b"" if self._server else self._own

    def feed(self, data: bytes) -> bytes:
        """Take bytes and return the answer to them. Raise NetworkError or SetupError for another protocol."""
        buffer = self._buffer
        buffer += data
        if buffer and buffer[0] != _VERSION:
            raise _wrong_version(bytes(buffer[:2]))
        answer = b""
        if not self._answered and len(buffer) > _PACKET:
            echo = bytes(buffer[1 : 1 + _PACKET])
            answer = self._own + echo if self._server else echo
            self._answered = True
        if len(buffer) > 2 * _PACKET:
            self.rest = bytes(buffer[1 + 2 * _PACKET :])
        return answer


def _wrong_version(start: bytes) -> NetworkError | SetupError:
    if start[0] in _TLS_RECORDS and start[1:] in (b"", b"\x03"):
        return SetupError("rtmp.plain_to_tls_port")
    return NetworkError("rtmp.handshake_failed", detail=f"first byte {start[0]:#04x} instead of 0x03")
