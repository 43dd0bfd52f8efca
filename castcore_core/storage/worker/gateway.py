"""The loopback HTTP server through which ffmpeg reads any backend: GET and HEAD, with ranges.

A reader must run under our user and know the token. An error becomes a status that ffmpeg understands: what may be over
in a moment is 503, and an answer that cannot be finished is cut, so that nobody takes a part for the whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from email.utils import format_datetime
from http import HTTPStatus

from castcore_core.storage.worker.backend import Backend
from castcore_core.storage.worker.connection import Connection
from castcore_core.storage.worker.peer import is_our_user
from castcore_core.storage.worker.request import Request, Span, span_of
from castcore_sdk import (
    AuthenticationError,
    CastCoreError,
    ConfigurationError,
    NotFoundError,
    StorageEntry,
    StoragePath,
    TemporaryError,
    storage_path,
)

MOST_READERS = 64
"""Files that are sent at the same time; further readers wait their turn."""
_MOST_CONNECTIONS = 256
_TURN_SECONDS = 5.0
_READ_AHEAD = 4 << 20
"""Bytes per reader."""
_STAT_SECONDS = 1.0
"""A player that seeks asks for the same file many times in a row."""
_MOST_REMEMBERED = 256
_RETRY_AFTER = "1"


class Gateway:
    """Serves one backend on one port of the loopback interface."""

    def __init__(self, backend: Backend, token: str) -> None:
        self.readers = 0
        self.served = 0
        """Bytes."""
        self.used_at = time.monotonic()
        self._backend = backend
        self._token = token
        self._connections: set[Connection] = set()
        self._turns = asyncio.Semaphore(MOST_READERS)
        self._entries: dict[StoragePath, tuple[float, StorageEntry]] = {}
        self._server: asyncio.Server | None = None
        self._draining = False
        self._empty = asyncio.Event()
        self._empty.set()

    async def listen(self, listener: socket.socket) -> None:
        """Serve on a bound socket."""
        self._server = await asyncio.get_running_loop().create_server(self._connect, sock=listener, backlog=128)

    async def drain(self, seconds: float) -> None:
        """Refuse new readers, give those that are there ``seconds``, then cut them off."""
        self._draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        await self.close()

    async def close(self) -> None:
        """Stop serving. May be called twice."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for connection in list(self._connections):
            connection.abort()

    def _connect(self) -> Connection:
        return Connection(self._admit, self._answer, self._connections.discard)

    def _admit(self, connection: Connection) -> bool:
        if len(self._connections) >= _MOST_CONNECTIONS or not is_our_user(*connection.ends):
            return False
        self._connections.add(connection)
        return True

    async def _answer(self, connection: Connection, request: Request) -> None:
        self.used_at = time.monotonic()
        if not hmac.compare_digest(request.token.encode(), self._token.encode()):
            await connection.refuse(HTTPStatus.NOT_FOUND, "storage.not_found")
            return
        if request.method not in ("GET", "HEAD"):
            await connection.refuse(HTTPStatus.METHOD_NOT_ALLOWED, "storage.read_only", Allow="GET, HEAD")
            return
        try:
            async with self._turn():
                await self._send(connection, request)
        except CastCoreError as error:
            # Whoever is amid the file waits for it: ffmpeg would take anything else for its end and, where it is to be
            # repeated, ask again and again without a pause.
            status = HTTPStatus.SERVICE_UNAVAILABLE if request.goes_on else _status(error)
            retry = {"Retry_After": _RETRY_AFTER} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}
            await connection.refuse(status, error.code, **retry)
        finally:
            self.used_at = time.monotonic()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._draining:
            raise TemporaryError("storage.unmounted")
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise TemporaryError("storage.too_busy", params={"readers": MOST_READERS}) from None
        self.readers += 1
        self._empty.clear()
        try:
            yield
        finally:
            self.readers -= 1
            self._turns.release()
            if not self.readers:
                self._empty.set()

    async def _send(self, connection: Connection, request: Request) -> None:
        path = storage_path(request.path)
        entry = await self._stat(path)
        if entry.is_dir:
            raise NotFoundError("storage.not_a_file", params={"path": path})
        fields = _fields(entry)
        if entry.size is None:
            await self._send_all(connection, request, path, fields)
            return
        span = span_of(request, entry.size, fields.get("ETag"))
        if span == "unsatisfiable":
            status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
            await connection.refuse(status, "storage.range", Content_Range=f"bytes */{entry.size}")
            return
        if span.partial:
            fields["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{entry.size}"
        fields |= {"Accept-Ranges": "bytes", "Content-Length": str(span.length)}
        status = HTTPStatus.PARTIAL_CONTENT if span.partial else HTTPStatus.OK
        if request.method == "HEAD" or span.length == 0:
            connection.begin(status, fields)
            return
        await self._send_span(connection, path, span, status, fields)

    async def _send_span(
        self, connection: Connection, path: StoragePath, span: Span, status: HTTPStatus, fields: dict[str, str]
    ) -> None:
        left = span.length
        reading = self._backend.read(path, offset=span.start, length=span.length, ahead=_READ_AHEAD)
        async with reading as pieces:
            async for piece in pieces:
                if left == span.length:
                    # Not before the first bytes are here: until then an error can still be told by a status.
                    connection.begin(status, fields)
                await connection.send(piece)
                left -= len(piece)
                self.served += len(piece)
        if left:
            raise TemporaryError("storage.incomplete_read", params={"path": path})

    async def _send_all(
        self, connection: Connection, request: Request, path: StoragePath, fields: dict[str, str]
    ) -> None:
        """Send a file whose size the storage does not tell, in chunks."""
        fields |= {"Accept-Ranges": "none", "Transfer-Encoding": "chunked"}
        if request.method == "HEAD":
            connection.begin(HTTPStatus.OK, fields)
            return
        async with self._backend.read(path, ahead=_READ_AHEAD) as pieces:
            piece = await anext(pieces, None)
            connection.begin(HTTPStatus.OK, fields)
            while piece is not None:
                await connection.send(b"%x\r\n%b\r\n" % (len(piece), piece))
                self.served += len(piece)
                piece = await anext(pieces, None)
        await connection.send(b"0\r\n\r\n")

    async def _stat(self, path: StoragePath) -> StorageEntry:
        now = time.monotonic()
        known = self._entries.get(path)
        if known is not None and now - known[0] < _STAT_SECONDS:
            return known[1]
        entry = await self._backend.stat(path)
        if len(self._entries) >= _MOST_REMEMBERED:
            self._entries.clear()
        self._entries[path] = now, entry
        return entry


def _fields(entry: StorageEntry) -> dict[str, str]:
    fields = {"Content-Type": "application/octet-stream"}
    mark = entry.etag or (f"{entry.modified.timestamp()}-{entry.size}" if entry.modified else None)
    if mark is not None:
        # Whatever a storage calls its version, this is one word.
        fields["ETag"] = f'"{hashlib.sha256(mark.encode("utf-8", "replace")).hexdigest()[:32]}"'
    if entry.modified is not None:
        fields["Last-Modified"] = format_datetime(entry.modified.astimezone(UTC), usegmt=True)
    return fields


def _status(error: CastCoreError) -> HTTPStatus:
    if isinstance(error, NotFoundError) or error.code.startswith("storage.path_") or error.code == "storage.not_a_file":
        return HTTPStatus.NOT_FOUND
    # What a person has to mend may be mended while it plays: ffmpeg would take a 403 for the end of the film, begin it
    # again where it is to be repeated, and show its last picture for ever.
    if isinstance(error, TemporaryError | AuthenticationError | ConfigurationError):
        return HTTPStatus.SERVICE_UNAVAILABLE
    if error.code == "storage.refused":
        return HTTPStatus.FORBIDDEN
    return HTTPStatus.BAD_GATEWAY
