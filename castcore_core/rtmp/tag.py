"""The unit of the stream: one audio, video or data tag, as FLV and RTMP both carry it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

_FRAME_TYPE_KEY = 1
_CODEC_AVC = 7
_FORMAT_AAC = 10
_FORMAT_EX_AUDIO = 9
_PACKET_SEQUENCE_START = 0


class TagKind(IntEnum):
    """FLV tag type and RTMP message type; the numbers are the same in both."""

    AUDIO = 8
    VIDEO = 9
    DATA = 18


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag. Sources: Adobe FLV specification 10.1 (annex E), Enhanced RTMP v2."""

    kind: TagKind
    timestamp: int
    """Decode time in milliseconds, 0 … 2**32 - 1."""
    payload: bytes
    """The tag's body, codec header bytes included."""

    @property
    def is_enhanced(self) -> bool:
        """Say whether the body starts with an Enhanced RTMP header (FourCC codecs)."""
        if not self.payload:
            return False
        if self.kind is TagKind.VIDEO:
            return bool(self.payload[0] & 0x80)
        return self.kind is TagKind.AUDIO and self.payload[0] >> 4 == _FORMAT_EX_AUDIO

    @property
    def is_sequence_header(self) -> bool:
        """Say whether the tag holds a decoder configuration instead of media."""
        body = self.payload
        if len(body) < 2 or self.kind is TagKind.DATA:
            return False
        if self.is_enhanced:
            return body[0] & 0x0F == _PACKET_SEQUENCE_START
        if self.kind is TagKind.VIDEO:
            return body[0] & 0x0F == _CODEC_AVC and body[1] == 0
        return body[0] >> 4 == _FORMAT_AAC and body[1] == 0

    @property
    def is_keyframe(self) -> bool:
        """Say whether a decoder can start at this video tag."""
        if self.kind is not TagKind.VIDEO or not self.payload or self.is_sequence_header:
            return False
        return (self.payload[0] >> 4) & 0x07 == _FRAME_TYPE_KEY
