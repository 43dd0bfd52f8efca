"""YouTube's servers that take a stream, and whether they can be reached."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

from castcore_sdk import CheckResult, Params, Severity

SERVERS = {
    "rtmps": ("rtmps://a.rtmps.youtube.com:443/live2", "rtmps://b.rtmps.youtube.com:443/live2?backup=1"),
    "rtmp": ("rtmp://a.rtmp.youtube.com/live2", "rtmp://b.rtmp.youtube.com/live2?backup=1"),
}
"""Protocol → first and second server, as YouTube Studio shows them."""
PORTS = {"rtmps": 443, "rtmp": 1935}
_PATIENCE = 5.0
"""Seconds; a server that needs longer for a handshake will not carry a live stream."""


async def reachability(url: str) -> CheckResult:
    """Open a connection to the server of ``url``, with TLS where it has that, and close it."""
    scheme, _, rest = url.partition("://")
    host, _, port = rest.partition("/")[0].partition(":")
    number = int(port or PORTS[scheme])
    params: Params = {"host": host, "port": number}
    context = await asyncio.to_thread(ssl.create_default_context) if scheme == "rtmps" else None
    try:
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_connection(host, number, ssl=context)
    except (OSError, TimeoutError):
        return CheckResult(code="youtube.ingest_unreachable", severity=Severity.ERROR, params=params)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return CheckResult(code="youtube.ingest_reachable", severity=Severity.OK, params=params)
