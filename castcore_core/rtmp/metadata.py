"""The stream's description, ``onMetaData``, in and out of data tags.

FLV and a player see ``onMetaData``; a publisher wraps it as ``@setDataFrame onMetaData`` for its server.
The bus carries the first form.
"""

from __future__ import annotations

from collections.abc import Mapping

from castcore_core.rtmp import amf0
from castcore_core.rtmp.error import RtmpError
from castcore_core.rtmp.limit import DEFAULT_LIMITS, Limits
from castcore_core.rtmp.tag import Tag, TagKind

SET_DATA_FRAME = amf0.encode(["@setDataFrame"])
_ON_METADATA = amf0.encode(["onMetaData"])
_DROPPED = (amf0.encode(["@clearDataFrame"]), amf0.encode(["|RtmpSampleAccess"]))


def decode_metadata(tag: Tag, limits: Limits = DEFAULT_LIMITS) -> dict[str, amf0.Value] | None:
    """Return what an ``onMetaData`` tag says, None for any other or one that cannot be read."""
    body = tag.payload.removeprefix(SET_DATA_FRAME)
    if tag.kind is not TagKind.DATA or not body.startswith(_ON_METADATA):
        return None
    try:
        values = amf0.decode(body, limits)
    except RtmpError:
        return None
    return dict(values[1]) if len(values) > 1 and isinstance(values[1], Mapping) else None


def encode_metadata(values: Mapping[str, amf0.Value], timestamp: int = 0) -> Tag:
    """Return ``values`` as an ``onMetaData`` tag."""
    return Tag(TagKind.DATA, timestamp, amf0.encode(["onMetaData", amf0.EcmaArray(values)]))


def to_publish(payload: bytes) -> bytes:
    """Return a data tag's body as a publisher sends it."""
    return SET_DATA_FRAME + payload if payload.startswith(_ON_METADATA) else payload


def from_publish(payload: bytes) -> bytes | None:
    """Return a received data body as the bus carries it; None for bodies that speak to the server alone."""
    if payload.startswith(_DROPPED):
        return None
    return payload.removeprefix(SET_DATA_FRAME)
