"""The lines between the server and a storage worker.

Every order has a connection of its own: one line of JSON from the server, lines of JSON back. Bytes of a file travel in
frames: four bytes of length, then so many bytes. A frame of no length ends them, a length of 2^32 - 1 says that there
will be no more; a line of JSON follows. Whoever closes the connection before that has given up.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from castcore_sdk import (
    AuthenticationError,
    CastCoreError,
    CheckResult,
    ConfigurationError,
    NotFoundError,
    PermanentError,
    Severity,
    StorageEntry,
    StoragePath,
    TemporaryError,
)

PROTOCOL = 1
LONGEST_LINE = 4 << 20
"""Bytes of one line: a configuration, or some hundred entries with long names."""
LARGEST_FRAME = 16 << 20
ENTRIES_AT_ONCE = 256

_LENGTH = struct.Struct("!I")
_BROKEN = 0xFFFFFFFF
_CLASSES: Mapping[str, type[CastCoreError]] = {
    kind.__name__: kind
    for kind in (
        AuthenticationError,
        ConfigurationError,
        NotFoundError,
        PermanentError,
        TemporaryError,
    )
}


class WireError(Exception):
    """The other side does not speak this protocol, or has gone."""


def encode(message: Mapping[str, Any]) -> bytes:
    """Return a message as its line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


async def read_message(reader: asyncio.StreamReader) -> dict[str, Any]:
    """Return the next message. Raises WireError, also at the end."""
    try:
        line = await reader.readline()
        message = json.loads(line)
    except (OSError, ValueError, RecursionError):
        raise WireError("no message") from None
    if not isinstance(message, dict) or not line.endswith(b"\n"):
        raise WireError("no object")
    return message


async def read_frames(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield frames up to the empty one. Raises WireError, and CastCoreError where the other side could not go on."""
    try:
        while length := _LENGTH.unpack(await reader.readexactly(_LENGTH.size))[0]:
            if length == _BROKEN:
                raise error_from_json((await read_message(reader)).get("error") or {"code": "storage.interrupted"})
            if length > LARGEST_FRAME:
                raise WireError("a frame too large")
            yield await reader.readexactly(length)
    except (OSError, asyncio.IncompleteReadError):
        raise WireError("the bytes end too early") from None


async def write_frames(writer: asyncio.StreamWriter, pieces: AsyncIterator[bytes], *, first: bytes = b"") -> None:
    """Write ``first`` and all pieces as frames, and the empty one.

    Raises OSError where the other side has gone, and what ``pieces`` raises.
    """
    await _write_frame(writer, first)
    try:
        async for piece in pieces:
            await _write_frame(writer, piece)
    except CastCoreError:
        writer.write(_LENGTH.pack(_BROKEN))
        raise
    writer.write(_LENGTH.pack(0))
    await writer.drain()


async def _write_frame(writer: asyncio.StreamWriter, piece: bytes) -> None:
    view = memoryview(piece)
    for start in range(0, len(view), LARGEST_FRAME):
        part = view[start : start + LARGEST_FRAME]
        writer.write(_LENGTH.pack(len(part)))
        writer.write(part)
        await writer.drain()


def error_to_json(error: CastCoreError) -> dict[str, Any]:
    """Return an error as JSON values."""
    kind = next((name for name, each in _CLASSES.items() if type(error) is each), None)
    kind = kind or next((name for name, each in _CLASSES.items() if isinstance(error, each)), "PermanentError")
    data: dict[str, Any] = {"kind": kind, "code": error.code, "params": error.params, "detail": error.detail}
    if isinstance(error, TemporaryError) and error.retry_after is not None:
        data["retry_after"] = error.retry_after.total_seconds()
    if isinstance(error, ConfigurationError) and error.field:
        data["field"] = error.field
    return data


def error_from_json(data: Mapping[str, Any]) -> CastCoreError:
    """Return the error that `error_to_json` wrote."""
    kind = _CLASSES.get(str(data.get("kind")), PermanentError)
    code, params, detail = str(data["code"]), dict(data.get("params") or {}), str(data.get("detail") or "")
    if kind is TemporaryError:
        after = data.get("retry_after")
        wait = None if after is None else timedelta(seconds=float(after))
        return TemporaryError(code, params=params, detail=detail, retry_after=wait)
    if kind is ConfigurationError:
        return ConfigurationError(code, params=params, detail=detail, field=data.get("field"))
    return kind(code, params=params, detail=detail)


def entry_to_json(entry: StorageEntry) -> list[Any]:
    """Return an entry as JSON values: a list, since there may be many."""
    modified = None if entry.modified is None else entry.modified.isoformat()
    return [entry.path, entry.is_dir, entry.size, modified, entry.etag]


def entry_from_json(data: list[Any]) -> StorageEntry:
    """Return the entry that `entry_to_json` wrote."""
    path, is_dir, size, modified, etag = data
    moment = None if modified is None else datetime.fromisoformat(modified)
    return StorageEntry(path=StoragePath(path), is_dir=is_dir, size=size, modified=moment, etag=etag)


def check_to_json(check: CheckResult) -> dict[str, Any]:
    """Return one line of a test as JSON values."""
    return {
        "code": check.code,
        "severity": check.severity.value,
        "params": dict(check.params),
        "config_field": check.config_field,
    }


def check_from_json(data: Mapping[str, Any]) -> CheckResult:
    """Return the line that `check_to_json` wrote."""
    return CheckResult(
        code=str(data["code"]),
        severity=Severity(data["severity"]),
        params=dict(data["params"]),
        config_field=data.get("config_field"),
    )
