"""The addresses behind a name, judged before anything is sent to them."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address

from castcore_core.streams.network import is_metadata, is_private, plain
from castcore_sdk import ConfigurationError, TemporaryError

_LOOKUP_S = 5.0
_MOST = 3
"""Addresses that are tried."""


async def peers(host: str, *, private: bool) -> list[str]:
    """Return the addresses of ``host`` to connect to: what was judged is what is used, so no second look-up can differ.

    Link-local addresses are never among them, private and loopback ones where ``private`` allows it. Raises
    TemporaryError ``webhook.host_unknown``, ConfigurationError ``webhook.address_forbidden``.
    """
    found = await _look_up(host)
    allowed = []
    for text in found:
        address = plain(ip_address(text))
        if not is_metadata(address) and (private or not is_private(address)):
            allowed.append(text)
    if not allowed:
        raise ConfigurationError("webhook.address_forbidden", field="url", params={"host": host})
    return allowed[:_MOST]


async def _look_up(host: str) -> list[str]:
    try:
        return [str(ip_address(host))]
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_LOOKUP_S):
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError):
        raise TemporaryError("webhook.host_unknown", params={"host": host}) from None
    return list(dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found))
