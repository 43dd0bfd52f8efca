"""Hypercorn as CastCore uses it: on a socket of ours, without its name, stopped within a second."""

from __future__ import annotations

import errno
import logging
import socket
import ssl

from hypercorn.config import Config, Sockets

from castcore_core.config import Configuration
from castcore_sdk.errors import ConfigurationError

_GRACE_S = 0.3
BACKLOG = 512


class ListenConfig(Config):
    """Hypercorn's configuration around a socket that is already bound.

    Hypercorn would make its sockets inheritable; a child that lives on, as runners do, would keep the port.
    """

    accesslog = None
    backlog = BACKLOG
    errorlog = logging.getLogger("hypercorn.error")
    graceful_timeout = _GRACE_S
    include_server_header = False
    keep_alive_timeout = 30
    shutdown_timeout = _GRACE_S
    ssl_handshake_timeout = 10
    websocket_max_message_size = 64 * 1024
    websocket_ping_interval = 20

    def __init__(self, bound: socket.socket, context: ssl.SSLContext | None) -> None:
        self._bound = bound
        self._context = context

    @property
    def ssl_enabled(self) -> bool:
        """Tell whether the socket speaks TLS."""
        return self._context is not None

    def create_ssl_context(self) -> ssl.SSLContext | None:
        """Return the context that was made before the start."""
        return self._context

    def create_sockets(self) -> Sockets:
        """Return the one bound socket."""
        return Sockets([self._bound], [], []) if self.ssl_enabled else Sockets([], [self._bound], [])


def bind(configuration: Configuration) -> socket.socket:
    """Return the bound socket. Raises ConfigurationError ``server.port_in_use`` or ``server.address_unusable``."""
    place: dict[str, str | int] = {"host": configuration.host, "port": configuration.port}
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            configuration.host, configuration.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError:
        raise ConfigurationError("server.address_unusable", field="host", params=place) from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bound.bind(address)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        code = "server.port_in_use" if error.errno == errno.EADDRINUSE else "server.address_unusable"
        raise ConfigurationError(code, field="port", params=place) from None
    return bound


def tls_context(configuration: Configuration) -> ssl.SSLContext | None:
    """Return the context for the configured certificate, ``None`` without one.

    Raises ConfigurationError ``server.certificate_unusable``.
    """
    if configuration.tls_certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(configuration.tls_certificate, configuration.tls_key)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "server.certificate_unusable",
            field="tls_certificate",
            params={"path": str(configuration.tls_certificate), "reason": type(error).__name__},
        ) from None
    return context


def address_of(configuration: Configuration, bound: socket.socket) -> str:
    """Return the URL to print: the public one, else the bound address, loopback where it is any address."""
    if configuration.public_url:
        return configuration.public_url
    host, port = bound.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"{configuration.scheme}://{f'[{host}]' if ':' in host else host}:{port}"
