"""Port and token of a worker's gateway: kept, so that addresses in running plans stay true."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import secrets
import socket
import time
from pathlib import Path

_PORTS = range(30_000, 32_000)
"""Below those that the system lends to outgoing connections (Linux: from 32768), above those of ingests."""
_TRIES = 200
_PATIENCE_S = 3.0
"""A predecessor that was just killed may still hold the port."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,64}")
_TOKEN_BYTES = 24


class Address:
    """Where the gateway listens; ``listener`` is bound."""

    def __init__(self, file: Path) -> None:
        """Take the kept port, another one where it stays taken. Raises OSError where none is free."""
        port, token = _read(file)
        self.token = token or secrets.token_urlsafe(_TOKEN_BYTES)
        self.listener = _bound(port) or _any_bound()
        self.port: int = self.listener.getsockname()[1]
        if (port, token) != (self.port, self.token):
            _write(file, {"port": self.port, "token": self.token})


def _read(file: Path) -> tuple[int, str]:
    try:
        kept = json.loads(file.read_bytes())
        port, token = int(kept["port"]), str(kept["token"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, ""
    return (port if 1024 <= port < 65536 else 0), (token if _TOKEN.fullmatch(token) else "")


def _write(file: Path, value: dict[str, object]) -> None:
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as output:
        json.dump(value, output)
    fresh.replace(file)


def _bound(port: int) -> socket.socket | None:
    """Return a socket on ``port``, None for no port or where somebody else keeps it."""
    until = time.monotonic() + _PATIENCE_S
    while port:
        if (found := _bind(port)) is not None:
            return found
        if time.monotonic() > until:
            return None
        time.sleep(0.05)
    return None


def _any_bound() -> socket.socket:
    for _ in range(_TRIES):
        if (found := _bind(random.choice(_PORTS))) is not None:
            return found
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def _bind(port: int) -> socket.socket | None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OSError:
        listener.close()
        return None
    return listener
