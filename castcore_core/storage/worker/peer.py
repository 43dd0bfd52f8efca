"""Who is on the other side of a TCP connection of this machine."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

_TABLE = Path("/proc/net/tcp")
_LOCAL, _REMOTE, _USER = 1, 2, 7
"""Columns of ``/proc/net/tcp`` (proc(5))."""


def is_our_user(peer: tuple[str, int] | None, own: tuple[str, int] | None) -> bool:
    """Say whether the other side of a connection of this machine, from ``peer`` to ``own``, is our user or root.

    The address of a file stands in ffmpeg's arguments, where every user of the machine can read it: this keeps it from
    being of use to others. True where the system does not tell; None for an end is that of a connection that is over.
    """
    if peer is None or own is None:
        return False
    if sys.platform != "linux":
        return True
    try:
        rows = _TABLE.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return True
    # Both ends count: others may use the same port for another connection, and one that is over belongs to root.
    ends = _written(*peer), _written(*own)
    users = [int(columns[_USER]) for row in rows if (columns := row.split())[_LOCAL : _REMOTE + 1] == [*ends]]
    return any(user in (0, os.getuid()) for user in users)


def _written(host: str, port: int) -> str:
    """Return an address as the kernel writes it: as the machine's own words."""
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"
