"""Read and write FLV as it passes through pipes. Source: Adobe FLV specification 10.1, annex E."""

from __future__ import annotations

import struct

from castcore_core.rtmp.tag import Tag, TagKind
from castcore_core.runner.error import RunnerError

HEADER = b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"
"""File header for audio and video, with the first previous-tag size."""

MAX_TAG = 8 * 1024 * 1024
"""Largest body taken: about one second of intra-only 4K at 64 Mbit/s."""

_TAG_HEADER = 11
_TRAILER = 4
_MAX_FILE_HEADER = 1024
_FILTERED = 0x20
_KINDS = {int(kind): kind for kind in TagKind}
_unpack_header = struct.Struct(">BHBHBB").unpack_from
_pack_header = struct.Struct(">BHBHBBxxx").pack
_pack_size = struct.Struct(">I").pack


class FlvError(RunnerError):
    """The bytes are not FLV (``runner.flv_broken``)."""

    def __init__(self, detail: str) -> None:
        super().__init__("runner.flv_broken", detail=detail)


class FlvParser:
    """Turns bytes into tags, whatever pieces the bytes come in."""

    def __init__(self, *, max_tag: int = MAX_TAG) -> None:
        self._buffer = bytearray()
        self._max_tag = max_tag
        self._begun = False

    def feed(self, data: bytes) -> list[Tag]:
        """Take the next bytes and return the tags they complete. Raise FlvError; call it no more afterwards.

        Tags of unknown kind are passed over, as the specification asks.
        """
        buffer = self._buffer
        buffer += data
        position = 0 if self._begun else self._skip_file_header()
        if not self._begun:
            return []
        tags: list[Tag] = []
        end = len(buffer)
        with memoryview(buffer) as view:
            while end - position >= _TAG_HEADER:
                kind, size_high, size_low, time_middle, time_low, time_high = _unpack_header(buffer, position)
                size = size_high << 8 | size_low
                if kind & _FILTERED:
                    raise FlvError("encrypted tag")
                if size > self._max_tag:
                    raise FlvError(f"tag of {size} bytes")
                after = position + _TAG_HEADER + size + _TRAILER
                if after > end:
                    break
                if known := _KINDS.get(kind):
                    payload = bytes(view[position + _TAG_HEADER : after - _TRAILER])
                    tags.append(Tag(known, time_high << 24 | time_middle << 8 | time_low, payload))
                position = after
        del buffer[:position]
        return tags

    def _skip_file_header(self) -> int:
        buffer = self._buffer
        if buffer[:4] != HEADER[: min(4, len(buffer))]:
            raise FlvError("no FLV signature")
        if len(buffer) < 9:
            return 0
        offset = int.from_bytes(buffer[5:9], "big")
        if not 9 <= offset <= _MAX_FILE_HEADER:
            raise FlvError(f"header of {offset} bytes")
        if len(buffer) < offset + _TRAILER:
            return 0
        self._begun = True
        return offset + _TRAILER


def pack(tag: Tag) -> tuple[bytes, bytes, bytes]:
    """Return a tag as the three pieces that go one after the other into an FLV stream."""
    size, time = len(tag.payload), tag.timestamp & 0xFFFFFFFF
    header = _pack_header(tag.kind, size >> 8, size & 0xFF, time >> 8 & 0xFFFF, time & 0xFF, time >> 24)
    return header, tag.payload, _pack_size(size + _TAG_HEADER)
