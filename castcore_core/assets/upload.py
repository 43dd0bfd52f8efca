"""Take an upload from the network to the disk, piece by piece."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from quart import Request
from werkzeug.exceptions import BadRequest
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from castcore_core.error import InvalidError
from castcore_sdk import TemporaryError

_SECONDS = 120.0
_NAME_BYTES = 400
_PARTS = 4
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that has arrived; whoever has it removes it."""

    path: Path
    name: str
    """What the user calls it; empty where nobody says."""
    digest: str
    """sha256 of its bytes."""


class _Sink:
    """The file that is being written. Small pieces are gathered, since each write is a thread's work."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"{uuid4().hex}.part"
        self._digest = hashlib.sha256()
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._waiting = bytearray()

    async def take(self, data: bytes, *, end: bool = False) -> None:
        """Write what has come."""
        self._waiting += data
        if len(self._waiting) >= _PIECE or end:
            piece, self._waiting = bytes(self._waiting), bytearray()
            await asyncio.to_thread(self._write, piece)

    def digest(self) -> str:
        return self._digest.hexdigest()

    def close(self, *, keep: bool) -> None:
        os.close(self._file)
        if not keep:
            self.path.unlink(missing_ok=True)

    def _write(self, piece: bytes) -> None:
        self._digest.update(piece)
        view = memoryview(piece)
        while view:
            view = view[os.write(self._file, view) :]


async def receive(request: Request, folder: Path) -> Upload:
    """Write the part called ``file`` of a multipart body into a new file in ``folder``.

    Raises InvalidError where it has none, BadRequest for another form, RequestEntityTooLarge, TemporaryError
    ``assets.upload_failed`` where it comes too slowly or cannot be written.
    """
    sink = _Sink(folder)
    whole = False
    try:
        async with asyncio.timeout(_SECONDS):
            name = await _parts(request, sink)
        whole = True
    except TimeoutError:
        raise TemporaryError("assets.upload_failed", params={"reason": "timeout"}) from None
    except OSError as error:
        raise TemporaryError("assets.upload_failed", params={"reason": error.strerror or "disk"}) from None
    finally:
        sink.close(keep=whole)
    return Upload(sink.path, name, sink.digest())


async def _parts(request: Request, sink: _Sink) -> str:
    """Write the file, return the name that goes with it."""
    part, own, given = "", "", bytearray()
    found = False
    async for event in _events(request):
        if isinstance(event, Field):
            part = event.name if event.name == "name" else ""
        elif isinstance(event, File):
            part = event.name if event.name == "file" else ""
            if part and found:
                raise InvalidError.at("file", type="duplicate")
            own, found = (event.filename, True) if part else (own, found)
        elif isinstance(event, Data) and part == "file":
            await sink.take(event.data, end=not event.more_data)
        elif isinstance(event, Data) and part == "name":
            given += event.data
            if len(given) > _NAME_BYTES:
                raise InvalidError.at("name", type="string_too_long")
    if not found:
        raise InvalidError.at("file", type="missing")
    return given.decode("utf-8", "replace") or own


async def _events(request: Request) -> AsyncIterator[Event]:
    boundary = request.mimetype_params.get("boundary", "")
    if not boundary:
        raise BadRequest
    decoder = MultipartDecoder(boundary.encode("latin-1", "replace"), 4 * _PIECE, max_parts=_PARTS)
    try:
        async for arrived in request.body:
            for start in range(0, len(arrived), _PIECE):
                decoder.receive_data(arrived[start : start + _PIECE])
                while not isinstance(event := decoder.next_event(), NeedData):
                    yield event
        decoder.receive_data(None)
        while not isinstance(event := decoder.next_event(), Epilogue):
            yield event
    except ValueError:
        raise BadRequest from None
