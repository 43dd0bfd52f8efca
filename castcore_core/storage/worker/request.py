"""Requests to the gateway: heads, ranges and conditions (RFC 9110, RFC 9112). Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote_to_bytes

LONGEST_HEAD = 16 << 10

_LINE = re.compile(rb"(?P<method>[A-Z]{1,16}) (?P<target>/[!-~]{0,12288}) HTTP/1\.(?P<minor>[01])")
_FIELD = re.compile(rb"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}):[ \t]*(?P<value>[^\r\n\0]*?)[ \t]*")
_RANGE = re.compile(r"bytes=(?P<first>\d{0,19})-(?P<last>\d{0,19})")


class BadRequest(Exception):
    """This is no request that the gateway answers."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request without a body."""

    method: str
    token: str
    """First part of the path."""
    path: str
    """The rest of it, decoded."""
    fields: Mapping[str, str]
    """Lower-case names."""
    keep_alive: bool

    @property
    def goes_on(self) -> bool:
        """Say whether it is for a later part of a file: whoever asks so has opened it before."""
        match = _RANGE.fullmatch(self.fields.get("range", ""))
        return match is not None and int(match["first"] or 0) > 0


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes of an answer: from ``start`` up to, not including, ``end``."""

    start: int
    end: int
    partial: bool

    @property
    def length(self) -> int:
        """Return how many bytes these are."""
        return self.end - self.start


def read_head(head: bytes) -> Request:
    """Return the request whose head ends with an empty line. Raises BadRequest."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    match = _LINE.fullmatch(first)
    if match is None:
        raise BadRequest
    fields: dict[str, str] = {}
    for line in lines:
        field = _FIELD.fullmatch(line)
        if field is None:
            raise BadRequest
        name = field["name"].decode().lower()
        if name in fields and name in ("host", "range", "content-length", "transfer-encoding"):
            raise BadRequest
        fields[name] = field["value"].decode("latin-1")
    if "transfer-encoding" in fields or fields.get("content-length", "0") != "0":
        raise BadRequest
    if match["minor"] == b"1" and "host" not in fields:
        raise BadRequest
    token, path = _target(match["target"])
    wish = fields.get("connection", "").lower()
    keep = "close" not in wish if match["minor"] == b"1" else "keep-alive" in wish
    return Request(match["method"].decode(), token, path, fields, keep)


def _target(target: bytes) -> tuple[str, str]:
    place = target.partition(b"?")[0]
    token, _, path = place[1:].partition(b"/")
    try:
        return token.decode(), unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        raise BadRequest from None


def span_of(request: Request, size: int, etag: str | None) -> Span | Literal["unsatisfiable"]:
    """Return the bytes to send of a file of ``size`` bytes.

    Several ranges, other units and a range of another version (``If-Range``) are answered with the whole.
    """
    whole = Span(0, size, partial=False)
    match = _RANGE.fullmatch(request.fields.get("range", ""))
    condition = request.fields.get("if-range")
    if match is None or (condition is not None and condition != etag):
        return whole
    first, last = match["first"], match["last"]
    if not first and not last:
        return whole
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return whole
    return Span(start, end, partial=True) if start < end else "unsatisfiable"
