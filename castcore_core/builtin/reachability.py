"""Is anybody there: the connection tests of the generic destinations."""

from __future__ import annotations

import asyncio

from castcore_sdk import CheckResult, Params, Severity

PATIENCE = 5.0
"""Seconds; a server that needs longer for a TCP handshake will not carry a live stream."""


async def connection(host: str, port: int) -> CheckResult:
    """Open a TCP connection and close it."""
    params: Params = {"host": host, "port": port}
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return CheckResult(code="destinations.no_answer", severity=Severity.ERROR, params=params, config_field="url")
    except OSError as error:
        unknown = error.errno is not None and error.errno < 0  # getaddrinfo's EAI_* are negative
        code = "destinations.host_unknown" if unknown else "destinations.unreachable"
        return CheckResult(code=code, severity=Severity.ERROR, params=params, config_field="url")
    writer.close()
    await writer.wait_closed()
    return CheckResult(code="destinations.reachable", severity=Severity.OK, params=params)


async def name(host: str, port: int) -> CheckResult:
    """Resolve a name: all that can be asked of a peer that speaks UDP without sending to it."""
    params: Params = {"host": host, "port": port}
    try:
        async with asyncio.timeout(PATIENCE):
            await asyncio.get_running_loop().getaddrinfo(host, port)
    except (OSError, TimeoutError):
        return CheckResult(code="destinations.host_unknown", severity=Severity.ERROR, params=params, config_field="url")
    return CheckResult(code="destinations.host_known", severity=Severity.OK, params=params)
