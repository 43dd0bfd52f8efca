"""An RTMP and RTMPS server for publishers and players."""

from __future__ import annotations

import asyncio
import socket
import ssl as tls
from collections import Counter
from typing import cast

from castcore_core.rtmp.admission import Authorize
from castcore_core.rtmp.error import NetworkError
from castcore_core.rtmp.limit import DEFAULT_LIMITS, DEFAULT_TIMEOUTS, Limits, Timeouts
from castcore_core.rtmp.link import Link
from castcore_core.rtmp.session import PlayHandler, PublishHandler, Session
from castcore_core.rtmp.wire import set_options


class Server:
    """Listen on one address. Made by ``serve``."""

    def __init__(
        self,
        *,
        authorize: Authorize,
        publish: PublishHandler | None,
        play: PlayHandler | None,
        limits: Limits,
        timeouts: Timeouts,
        ssl: tls.SSLContext | None,
    ) -> None:
        self._authorize, self._publish, self._play = authorize, publish, play
        self._limits, self._timeouts, self._ssl = limits, timeouts, ssl
        self._per_address: Counter[str] = Counter()
        self._sessions: set[Session] = set()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> None:
        """Begin to accept. Raise OSError where the address cannot be had."""
        self._listener = await asyncio.get_running_loop().create_server(lambda: _Gate(self), host, port)

    @property
    def port(self) -> int:
        """The port that the server listens on; the one that the system chose where 0 was asked for."""
        assert self._listener is not None
        return int(self._listener.sockets[0].getsockname()[1])

    @property
    def connections(self) -> int:
        """Connections at the moment, also those that are not let in yet."""
        return self._per_address.total()

    async def close(self, timeout: float = 3.0) -> None:
        """Stop listening, end every session (by force after ``timeout`` seconds), and wait for the handlers."""
        if self._listener is not None:
            self._listener.close()
        for handshake in self._handshakes:
            handshake.cancel()
        await asyncio.gather(*self._handshakes, return_exceptions=True)
        await asyncio.gather(*(session.end(timeout) for session in tuple(self._sessions)))

    def admit(self, transport: asyncio.Transport) -> None:
        """Take a new TCP connection, or cut it off where there are too many."""
        address = str((transport.get_extra_info("peername") or ("", 0))[0])
        limits = self._limits
        if self.connections >= limits.connections or self._per_address[address] >= limits.connections_per_address:
            transport.abort()
            return
        set_options(cast(socket.socket, transport.get_extra_info("socket")), self._timeouts)
        self._per_address[address] += 1
        link = Link(server=True, peer=address, limits=limits, timeouts=self._timeouts)
        if self._ssl is None:
            transport.set_protocol(link)
            self._begin(link, address, transport, transport)
            return
        transport.pause_reading()
        handshake = asyncio.create_task(self._secure(link, address, transport, self._ssl))
        self._handshakes.add(handshake)
        handshake.add_done_callback(self._handshakes.discard)

    async def _secure(self, link: Link, address: str, raw: asyncio.Transport, context: tls.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeouts.tls):
                transport = await loop.start_tls(raw, link, context, server_side=True)
        except (OSError, TimeoutError):  # a client that speaks no TLS, distrusts us or is gone
            transport = None
        except asyncio.CancelledError:
            raw.abort()
            self._release(address)
            raise
        if transport is None:
            raw.abort()
            self._release(address)
        else:
            self._begin(link, address, transport, raw)

    def _begin(self, link: Link, address: str, transport: asyncio.Transport, raw: asyncio.Transport) -> None:
        session = Session(link, address, authorize=self._authorize, publish=self._publish, play=self._play)
        self._sessions.add(session)

        def gone(_closed: object) -> None:
            self._sessions.discard(session)
            self._release(address)

        link.closed.add_done_callback(gone)
        link.attach(transport, raw)

    def _release(self, address: str) -> None:
        self._per_address[address] -= 1
        if self._per_address[address] <= 0:
            del self._per_address[address]


class _Gate(asyncio.Protocol):
    """Counts a connection before anything is read from it, TLS included."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._server.admit(cast(asyncio.Transport, transport))


async def serve(
    host: str,
    port: int,
    *,
    authorize: Authorize,
    publish: PublishHandler | None = None,
    play: PlayHandler | None = None,
    limits: Limits = DEFAULT_LIMITS,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
    ssl: tls.SSLContext | None = None,
) -> Server:
    """Listen on ``host`` and ``port`` (0: any free port) and return the server.

    ``authorize`` decides about each request. ``publish`` is called with each publisher that is let in and
    iterates over its tags; ``play`` is called with each player and sends it tags; without one of them such
    requests are refused. A session ends when its handler returns. Raise NetworkError ``rtmp.port_unavailable``.
    """
    server = Server(authorize=authorize, publish=publish, play=play, limits=limits, timeouts=timeouts, ssl=ssl)
    try:
        await server.listen(host, port)
    except OSError as error:
        raise NetworkError("rtmp.port_unavailable", {"host": host, "port": port}, str(error)) from None
    return server
