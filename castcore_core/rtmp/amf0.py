"""AMF0, the values of RTMP commands and metadata. Source: Adobe, Action Message Format — AMF 0 (2007)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, Union

from castcore_core.rtmp.error import limit_exceeded, protocol_error
from castcore_core.rtmp.limit import DEFAULT_LIMITS, Limits

_NUMBER, _BOOLEAN, _STRING, _OBJECT, _NULL, _UNDEFINED = 0, 1, 2, 3, 5, 6
_ECMA_ARRAY, _OBJECT_END, _STRICT_ARRAY, _DATE, _LONG_STRING = 8, 9, 10, 11, 12
_UNSUPPORTED, _XML, _TYPED_OBJECT = 13, 15, 16
_LONGEST_SHORT = 0xFFFF


@dataclass(frozen=True, slots=True)
class Date:
    """A point in time: milliseconds since 1970 in UTC (the zone field is always 0)."""

    milliseconds: float


Value: TypeAlias = Union[bool, float, str, Date, "Sequence[Value]", "Mapping[str, Value]", None]


class EcmaArray(dict[str, "Value"]):
    """An associative array; the form that ``onMetaData`` has by custom."""


def encode(values: Iterable[Value]) -> bytes:
    """Return ``values`` one after the other. Raise ValueError for a key over 65 535 bytes."""
    out = bytearray()
    for value in values:
        _encode_value(out, value)
    return bytes(out)


def _encode_value(out: bytearray, value: Value) -> None:
    if value is None:
        out.append(_NULL)
    elif isinstance(value, bool):
        out += bytes((_BOOLEAN, value))
    elif isinstance(value, (int, float)):
        out += struct.pack(">Bd", _NUMBER, value)
    elif isinstance(value, str):
        data = value.encode("utf-8", "replace")
        short = len(data) <= _LONGEST_SHORT
        out += struct.pack(">BH", _STRING, len(data)) if short else struct.pack(">BI", _LONG_STRING, len(data))
        out += data
    elif isinstance(value, Date):
        out += struct.pack(">Bdh", _DATE, value.milliseconds, 0)
    elif isinstance(value, Mapping):
        out += struct.pack(">BI", _ECMA_ARRAY, len(value)) if isinstance(value, EcmaArray) else bytes((_OBJECT,))
        _encode_members(out, value)
    else:
        out += struct.pack(">BI", _STRICT_ARRAY, len(value))
        for item in value:
            _encode_value(out, item)


def _encode_members(out: bytearray, members: Mapping[str, Value]) -> None:
    for name, value in members.items():
        data = name.encode("utf-8", "replace")
        if len(data) > _LONGEST_SHORT:
            raise ValueError("a key of more than 65535 bytes")
        out += struct.pack(">H", len(data)) + data
        _encode_value(out, value)
    out += struct.pack(">HB", 0, _OBJECT_END)


def decode(data: bytes, limits: Limits = DEFAULT_LIMITS, *, most: int | None = None) -> list[Value]:
    """Return all values in ``data``, or the first ``most``.

    Undefined and unsupported become None, XML a string, a typed object its members.
    Raise PeerError ``rtmp.protocol_error`` or ``rtmp.limit_exceeded``.
    """
    decoder = _Decoder(data, limits)
    values: list[Value] = []
    while decoder.offset < len(data) and (most is None or len(values) < most):
        values.append(decoder.value(0))
    return values


class _Decoder:
    def __init__(self, data: bytes, limits: Limits) -> None:
        self.offset = 0
        self._data = data
        self._limits = limits
        self._values = 0

    def value(self, depth: int) -> Value:
        self._values += 1
        if self._values > self._limits.amf_values:
            raise limit_exceeded("amf_values", self._limits.amf_values)
        if depth > self._limits.amf_depth:
            raise limit_exceeded("amf_depth", self._limits.amf_depth)
        marker = self._take(1)[0]
        if marker in (_OBJECT, _ECMA_ARRAY, _TYPED_OBJECT, _STRICT_ARRAY):
            return self._compound(marker, depth)
        return self._scalar(marker)

    def _scalar(self, marker: int) -> Value:
        if marker == _NUMBER:
            return float(struct.unpack(">d", self._take(8))[0])
        if marker == _BOOLEAN:
            return self._take(1) != b"\0"
        if marker == _STRING:
            return self._text(2)
        if marker in (_LONG_STRING, _XML):
            return self._text(4)
        if marker in (_NULL, _UNDEFINED, _UNSUPPORTED):
            return None
        if marker == _DATE:
            return Date(struct.unpack(">dh", self._take(10))[0])
        raise protocol_error(f"AMF0 marker {marker}")

    def _compound(self, marker: int, depth: int) -> Value:
        if marker == _STRICT_ARRAY:
            count = int.from_bytes(self._take(4), "big")
            if count > self._limits.amf_values:
                raise limit_exceeded("amf_values", self._limits.amf_values)
            return [self.value(depth + 1) for _ in range(count)]
        if marker == _ECMA_ARRAY:
            self._take(4)
            return EcmaArray(self._members(depth))
        if marker == _TYPED_OBJECT:
            self._text(2)
        return self._members(depth)

    def _members(self, depth: int) -> dict[str, Value]:
        members: dict[str, Value] = {}
        while True:
            name = self._text(2)
            if not name and self._peek() == _OBJECT_END:
                self.offset += 1
                return members
            members[name] = self.value(depth + 1)

    def _text(self, length_bytes: int) -> str:
        return self._take(int.from_bytes(self._take(length_bytes), "big")).decode("utf-8", "replace")

    def _peek(self) -> int:
        if self.offset >= len(self._data):
            raise protocol_error("AMF0 value cut short")
        return self._data[self.offset]

    def _take(self, count: int) -> bytes:
        end = self.offset + count
        if end > len(self._data):
            raise protocol_error("AMF0 value cut short")
        part = self._data[self.offset : end]
        self.offset = end
        return part
