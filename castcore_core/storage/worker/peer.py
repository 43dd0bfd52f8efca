"""Who is on the other side of a TCP connection of this machine."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

_TABLE = Path("/proc/net/tcp")
_LOCAL, _USER = 1, 7
"""Columns of ``/proc/net/tcp`` (proc(5))."""


def is_our_user(host: str, port: int) -> bool:
    """Say whether the socket ``host:port`` of this machine belongs to our user, or to root.

    The address of a file stands in ffmpeg's arguments, where every user of the machine can read it: this keeps it from
    being of use to others. True where the system does not tell.
    """
    if sys.platform != "linux":
        return True
    try:
        rows = _TABLE.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return True
    # The kernel writes the address as the machine's own words, so it is compared as the kernel would write it.
    address = f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"
    users = [int(columns[_USER]) for row in rows if (columns := row.split())[_LOCAL] == address]
    return any(user in (0, os.getuid()) for user in users)
