"""Tell what a tag means to the bus. Sources: Adobe FLV annex E, Enhanced RTMP v2."""

from __future__ import annotations

from enum import Enum, auto

from castcore_core.rtmp.tag import Tag, TagKind

_AVC = 7
_END_OF_SEQUENCE = 2
_VIDEO_METADATA = 4
_VIDEO_MULTITRACK = 6
_AUDIO_MULTITRACK = 5
_FRAME_KEY = 1
_FRAME_COMMAND = 5
_METADATA_NAMES = (b"\x02\x00\x0aonMetaData", b"\x02\x00\x0d@setDataFrame")


class Role(Enum):
    """What to do with a tag."""

    METADATA = auto()
    """``onMetaData``: kept, replaced by the next."""
    HEADER = auto()
    """Decoder configuration: kept, sent again when it differs."""
    KEY = auto()
    """A decoder can start here."""
    MEDIA = auto()
    """Needs what came before."""
    NOTHING = auto()
    """End of sequence, an empty tag, a command: not for the bus."""


def role_of(tag: Tag) -> Role:
    """Return the role of a tag."""
    body = tag.payload
    if tag.kind is TagKind.DATA:
        return Role.METADATA if body.startswith(_METADATA_NAMES) else Role.MEDIA
    if len(body) < 2:
        return Role.NOTHING
    if tag.is_enhanced:
        return _enhanced_role(tag)
    if tag.kind is TagKind.AUDIO:
        return Role.HEADER if tag.is_sequence_header else Role.MEDIA
    frame = body[0] >> 4
    if body[0] & 0x0F == _AVC and body[1] != 1 and frame != _FRAME_COMMAND:
        return Role.HEADER if body[1] == 0 else Role.NOTHING
    return _frame_role(frame)


def track_of(tag: Tag) -> tuple[TagKind, bytes]:
    """Return the key under which a header tag is kept: one for each track of a kind."""
    body = tag.payload
    return (tag.kind, body[1:7] if _is_multitrack(tag) else body[:1] if _is_colour(tag) else b"")


def _enhanced_role(tag: Tag) -> Role:
    body = tag.payload
    packet = body[1] & 0x0F if _is_multitrack(tag) else body[0] & 0x0F
    if packet == 0 or _is_colour(tag):
        return Role.HEADER
    if packet == _END_OF_SEQUENCE:
        return Role.NOTHING
    return Role.MEDIA if tag.kind is TagKind.AUDIO else _frame_role(body[0] >> 4 & 0x07)


def _frame_role(frame: int) -> Role:
    if frame == _FRAME_COMMAND:
        return Role.NOTHING
    return Role.KEY if frame == _FRAME_KEY else Role.MEDIA


def _is_multitrack(tag: Tag) -> bool:
    packet = _VIDEO_MULTITRACK if tag.kind is TagKind.VIDEO else _AUDIO_MULTITRACK
    return tag.is_enhanced and tag.payload[0] & 0x0F == packet


def _is_colour(tag: Tag) -> bool:
    return tag.kind is TagKind.VIDEO and tag.is_enhanced and tag.payload[0] & 0x0F == _VIDEO_METADATA
