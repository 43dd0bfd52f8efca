"""Read FLV files in tests, apart from the product's own reader."""

from __future__ import annotations

from castcore_core.rtmp.tag import Tag, TagKind


def read_flv(data: bytes) -> list[Tag]:
    """Return all whole tags of an FLV file."""
    assert data[:3] == b"FLV"
    tags, offset = [], 13
    while offset + 11 <= len(data):
        length = int.from_bytes(data[offset + 1 : offset + 4], "big")
        if offset + 11 + length > len(data):
            break
        time = int.from_bytes(data[offset + 4 : offset + 7], "big") | data[offset + 7] << 24
        tags.append(Tag(TagKind(data[offset]), time, data[offset + 11 : offset + 11 + length]))
        offset += 11 + length + 4
    return tags


def write_flv(tags: list[Tag]) -> bytes:
    """Return an FLV file with video and audio flags set."""
    out = bytearray(b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00")
    for tag in tags:
        size = len(tag.payload)
        out += bytes((tag.kind,)) + size.to_bytes(3, "big") + (tag.timestamp & 0xFFFFFF).to_bytes(3, "big")
        out += bytes((tag.timestamp >> 24,)) + bytes(3) + tag.payload + (size + 11).to_bytes(4, "big")
    return bytes(out)
