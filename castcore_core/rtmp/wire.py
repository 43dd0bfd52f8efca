"""From an endpoint to an open connection: names, both address families, socket options."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from castcore_core.rtmp.address import Endpoint
from castcore_core.rtmp.error import NetworkError, Param, RtmpError, SetupError
from castcore_core.rtmp.limit import DEFAULT_LIMITS, Timeouts
from castcore_core.rtmp.link import Link
from castcore_core.rtmp.tls import TlsUnanswered, secure

_STAGGER = 0.25
"""Head start of one address before the next is tried as well (RFC 8305 section 5)."""

_PROBE_SECONDS = 2.0
_PROBE_BUFFER = 2**16

_Address = tuple[int, Any]


async def open_link(endpoint: Endpoint, link: Link, *, timeouts: Timeouts, send_buffer: int) -> None:
    """Connect and attach ``link``. Raise RtmpError with the step that failed."""
    addresses = await _resolve(endpoint, timeouts.dns)
    sock = await _connect(endpoint, addresses, timeouts, send_buffer)
    loop = asyncio.get_running_loop()
    if not endpoint.tls:
        raw, _ = await loop.create_connection(lambda: link, sock=sock)
        link.attach(raw, raw)
        return
    raw, _ = await loop.create_connection(asyncio.Protocol, sock=sock)
    try:
        link.attach(await secure(endpoint, raw, link, timeouts.tls), raw)
    except TlsUnanswered:
        params: dict[str, Param] = {"peer": endpoint.peer, "seconds": timeouts.tls}
        if await _speaks_plain(endpoint, addresses, timeouts):
            raise SetupError("rtmp.tls_to_plain_port", params, "it answers the plain handshake") from None
        raise NetworkError("rtmp.handshake_timeout", params, "no answer to TLS") from None


async def _speaks_plain(endpoint: Endpoint, addresses: list[_Address], timeouts: Timeouts) -> bool:
    """Ask a peer that leaves TLS unanswered for a plain handshake, which holds no secret.

    nginx with the RTMP module waits for 1537 bytes before it looks at the first.
    """
    link = Link(server=False, peer=endpoint.peer, limits=DEFAULT_LIMITS, timeouts=timeouts)
    try:
        sock = await _connect(endpoint, addresses, timeouts, _PROBE_BUFFER)
        raw, _ = await asyncio.get_running_loop().create_connection(lambda: link, sock=sock)
        link.attach(raw, raw)
        await link.until(link.ready, _PROBE_SECONDS, NetworkError("rtmp.handshake_timeout"))
    except RtmpError:
        return False
    finally:
        link.abort()
        if link.is_attached:
            await asyncio.wait({link.closed})
    return True


async def _connect(
    endpoint: Endpoint, addresses: list[_Address], timeouts: Timeouts, send_buffer: int
) -> socket.socket:
    try:
        async with asyncio.timeout(timeouts.connect):
            return await _first_connected(endpoint, addresses, timeouts, send_buffer)
    except TimeoutError:
        raise NetworkError("rtmp.connect_timeout", {"peer": endpoint.peer, "seconds": timeouts.connect}) from None


async def _resolve(endpoint: Endpoint, seconds: float) -> list[_Address]:
    """Look the name up anew, in a thread of its own that nobody has to wait for at the end."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[_Address]] = loop.create_future()

    def settle(result: list[_Address] | OSError | UnicodeError) -> None:
        if found.done():
            return
        if isinstance(result, list):
            found.set_result(result)
        else:
            found.set_exception(result)

    def look_up() -> None:
        result: list[_Address] | OSError | UnicodeError
        try:
            result = [
                (family, address)
                for family, _, _, _, address in socket.getaddrinfo(
                    endpoint.host, endpoint.port, type=socket.SOCK_STREAM
                )
            ]
        except (OSError, UnicodeError) as error:
            result = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result)

    threading.Thread(target=look_up, name="rtmp-dns", daemon=True).start()
    try:
        return await asyncio.wait_for(found, seconds)
    except TimeoutError:
        raise NetworkError("rtmp.dns", {"host": endpoint.host}, f"no answer in {seconds} s") from None
    except (OSError, UnicodeError) as error:
        raise NetworkError("rtmp.dns", {"host": endpoint.host}, str(error)) from None


async def _first_connected(
    endpoint: Endpoint, addresses: list[_Address], timeouts: Timeouts, send_buffer: int
) -> socket.socket:
    """Race the addresses, IPv6 and IPv4 in turn, each with a head start; the first connection wins."""
    attempts: set[asyncio.Task[socket.socket]] = set()
    failures: list[OSError] = []
    waiting = list(_interleaved(addresses))
    try:
        while waiting or attempts:
            if waiting:
                attempts.add(asyncio.create_task(_connected(waiting.pop(0), timeouts, send_buffer)))
            done, attempts = await asyncio.wait(
                attempts, timeout=_STAGGER if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for attempt in done:
                failure = attempt.exception()
                if failure is None:
                    attempts |= done - {attempt}
                    return attempt.result()
                if not isinstance(failure, OSError):
                    raise failure
                failures.append(failure)
    finally:
        await _discard(attempts)
    raise _connect_error(endpoint, failures)


async def _discard(attempts: set[asyncio.Task[socket.socket]]) -> None:
    for attempt in attempts:
        attempt.cancel()
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(outcome, socket.socket):
            outcome.close()


async def _connected(address: _Address, timeouts: Timeouts, send_buffer: int) -> socket.socket:
    sock = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        set_options(sock, timeouts)
        await asyncio.get_running_loop().sock_connect(sock, address[1])
    except BaseException:
        sock.close()
        raise
    return sock


def set_options(sock: socket.socket, timeouts: Timeouts) -> None:
    """Send at once, and let the kernel give up on a peer that is silent below TCP."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(timeouts.stalled * 1000))


def _interleaved(addresses: list[_Address]) -> Iterator[_Address]:
    first_family = addresses[0][0] if addresses else socket.AF_INET
    same = [address for address in addresses if address[0] == first_family]
    other = [address for address in addresses if address[0] != first_family]
    for pair in zip_longest(same, other):
        yield from (address for address in pair if address is not None)


def _connect_error(endpoint: Endpoint, failures: list[OSError]) -> NetworkError:
    failure = failures[0] if failures else OSError("no address")
    code = "rtmp.unreachable"
    if failure.errno in (errno.ECONNREFUSED, errno.ECONNRESET):
        code = "rtmp.refused"
    elif failure.errno == errno.ETIMEDOUT:
        code = "rtmp.connect_timeout"
    return NetworkError(code, {"peer": endpoint.peer}, str(failure))
