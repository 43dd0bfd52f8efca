"""Ports for ingests: one for each job, kept for its life."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Collection

from castcore_sdk import TemporaryError

_PORTS = range(20_000, 30_000)
"""Below those that the system lends to outgoing connections (Linux: from 32768)."""
_TRIES = 200


async def free_port(host: str, taken: Collection[int]) -> int:
    """Return a port that nobody listens on and no other job has. Raises TemporaryError ``streams.no_port``."""
    return await asyncio.to_thread(_free_port, host, frozenset(taken))


async def can_listen(host: str, port: int) -> bool:
    """Tell whether the port is free at this moment."""
    return await asyncio.to_thread(_can_listen, host, port)


def _free_port(host: str, taken: frozenset[int]) -> int:
    for _ in range(_TRIES):
        port = random.choice(_PORTS)
        if port not in taken and _can_listen(host, port):
            return port
    raise TemporaryError("streams.no_port", params={"first": _PORTS.start, "last": _PORTS.stop - 1})


def _can_listen(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            return False
    return True
