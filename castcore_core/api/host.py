"""Which names the server answers to, against DNS rebinding, and where a call really comes from."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from quart import has_websocket_context, request, websocket

from castcore_core.config import Configuration

# Nobody can register these in public DNS (RFC 6761, 6762, 8375; ICANN's `internal`).
_LOCAL = (".local", ".localhost", ".internal", ".home.arpa", ".lan")


def is_known_host(host: str, configuration: Configuration) -> bool:
    """Tell whether a Host header names this server: an address, a local name, or a configured one."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if not name:
        return False
    public = urlsplit(configuration.public_url or "").hostname
    return (
        _address(name) is not None
        or "." not in name
        or name.endswith(_LOCAL)
        or name == public
        or name in {allowed.lower() for allowed in configuration.allowed_hosts}
    )


def client_address(configuration: Configuration) -> str:
    """Return the caller's address: the peer's, or what a trusted proxy says of it.

    ``X-Forwarded-For`` is read from the right, and only as long as the one who wrote it is trusted.
    """
    call = websocket if has_websocket_context() else request
    address = call.remote_addr or ""
    for claimed in reversed(call.headers.get("X-Forwarded-For", "").split(",")):
        peer = _address(address)
        if peer is None or not any(peer in network for network in configuration.trusted_proxies):
            break
        if _address(claimed.strip()) is None:
            break
        address = claimed.strip()
    return address


def is_secure(configuration: Configuration) -> bool:
    """Tell whether the caller speaks HTTPS, to us or to a trusted proxy."""
    call = websocket if has_websocket_context() else request
    if call.scheme in ("https", "wss"):
        return True
    peer = _address(call.remote_addr or "")
    trusted = peer is not None and any(peer in network for network in configuration.trusted_proxies)
    return trusted and call.headers.get("X-Forwarded-Proto", "") == "https"


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
