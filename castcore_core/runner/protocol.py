"""The lines between a runner and whoever steers it: JSON objects, one a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from castcore_core.runner.error import RunnerError

PROTOCOL = 1
MAX_LINE = 4 * 1024 * 1024
"""Bytes of one line: a plan with a thousand outputs fits."""


def encode(message: Mapping[str, Any]) -> bytes:
    """Return a message as its line: ASCII, since names of files need not be Unicode."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Return the message of a line. Raise RunnerError (``runner.protocol_error``)."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise RunnerError("runner.protocol_error", detail="not JSON") from None
    if not isinstance(message, dict):
        raise RunnerError("runner.protocol_error", detail="not an object")
    return message


class LineBuffer:
    """Cuts what arrives into lines."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that are complete. Raise RunnerError (``runner.protocol_error``) for one over 4 MiB."""
        self._rest += data
        *lines, rest = self._rest.split(b"\n") if b"\n" in data else (self._rest,)
        self._rest = rest
        if len(rest) > MAX_LINE or any(len(line) > MAX_LINE for line in lines):
            raise RunnerError("runner.protocol_error", detail=f"a line over {MAX_LINE} bytes")
        return [bytes(line) for line in lines if line.strip()]
