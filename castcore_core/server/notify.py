"""Tell systemd how the server is (sd_notify(3)): a datagram to the socket that it names in the environment."""

from __future__ import annotations

import asyncio
import os
import socket

import structlog

_log = structlog.get_logger(__name__)


def notify(message: str) -> None:
    """Send ``READY=1``, ``STOPPING=1``, ``WATCHDOG=1`` or ``STATUS=…``; nothing happens without systemd."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.settimeout(1)
            sender.sendto(message.encode(), f"\0{address[1:]}" if address[0] == "@" else address)
    except OSError as error:
        _log.warning("systemd not notified", error=str(error))


async def keep_watchdog() -> None:
    """Feed systemd's watchdog from the event loop, twice per period: a loop that hangs stops feeding it."""
    period = int(os.environ.get("WATCHDOG_USEC") or 0)
    if not period or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(period / 2_000_000)
