"""TLS for clients: contexts, and what a failed handshake means."""

from __future__ import annotations

import asyncio
import functools
import ssl
from pathlib import Path

from castcore_core.rtmp.address import Endpoint
from castcore_core.rtmp.error import NetworkError, RtmpError, SetupError
from castcore_core.rtmp.link import Link


class TlsUnanswered(Exception):
    """The TLS handshake had no answer in time."""


async def secure(endpoint: Endpoint, raw: asyncio.Transport, link: Link, seconds: float) -> asyncio.Transport:
    """Do the client's side of TLS on ``raw`` and return the transport above it, with ``link`` as its protocol.

    Raise SetupError or NetworkError with what failed, TlsUnanswered after ``seconds``; ``raw`` is closed then.
    """
    loop = asyncio.get_running_loop()
    try:
        context = _context(endpoint)
        async with asyncio.timeout(seconds):
            tls = await loop.start_tls(
                raw, link, context, server_hostname=endpoint.host, ssl_handshake_timeout=seconds + 1
            )
    except TimeoutError:
        raw.abort()
        raise TlsUnanswered from None
    except OSError as error:
        raw.abort()
        raise _tls_error(endpoint, error) from None
    except BaseException:
        raw.abort()
        raise
    if tls is None:
        raise NetworkError("rtmp.closed", {"peer": endpoint.peer}, "closed during the TLS handshake")
    return tls


def _context(endpoint: Endpoint) -> ssl.SSLContext:
    try:
        stamp = Path(endpoint.ca_file).stat().st_mtime_ns if endpoint.ca_file else 0
        return _cached_context(endpoint.ca_file, stamp, endpoint.verify)
    except OSError as error:  # also ssl.SSLError: a file that holds no certificate
        raise SetupError("rtmp.ca_unreadable", {"file": endpoint.ca_file or ""}, str(error)) from None


@functools.lru_cache(maxsize=8)
def _cached_context(ca_file: str | None, _changed: int, verify: bool) -> ssl.SSLContext:
    """Build a context once: reading a list of authorities takes some 20 ms of the loop's time."""
    context = ssl.create_default_context(cafile=ca_file)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _tls_error(endpoint: Endpoint, error: OSError) -> RtmpError:
    params = {"peer": endpoint.peer}
    if isinstance(error, ssl.SSLCertVerificationError):
        return SetupError("rtmp.certificate_invalid", {**params, "reason": error.verify_message}, str(error))
    if isinstance(error, ConnectionError) or getattr(error, "reason", None) in (
        "WRONG_VERSION_NUMBER",
        "UNEXPECTED_EOF_WHILE_READING",
    ):
        return SetupError("rtmp.tls_to_plain_port", params, str(error))
    return NetworkError("rtmp.tls_failed", params, str(error))
