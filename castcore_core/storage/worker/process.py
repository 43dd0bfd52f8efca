"""Be the worker: one process that holds one backend, for the server and for the readers of its gateway."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import resource
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from castcore_core.runner.folder import RunFolder
from castcore_core.runner.identity import Identity
from castcore_core.runner.lock import JobLock
from castcore_core.storage.wire import PROTOCOL, WireError, error_to_json
from castcore_core.storage.worker.address import Address
from castcore_core.storage.worker.attendance import Attendance, AttendedLog
from castcore_core.storage.worker.backend import Backend
from castcore_core.storage.worker.face import Face
from castcore_core.storage.worker.gateway import Gateway
from castcore_core.storage.worker.order import Order
from castcore_sdk import CastCoreError, PermanentError, TemporaryError

_ORDER_WITHIN = 15.0
"""Seconds in which a configuration must come: whoever started us is gone otherwise."""
_DRAIN_SECONDS = 2.0
_LOOK_SECONDS = 1.0
_MOST_RESIDENT = 1 << 30
"""Bytes of memory from which the process is taken for leaking, and ends while a server is there to start another."""
_ADDRESS_SPACE = 8 << 30
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class WorkerProcess:
    """Everything this process holds."""

    def __init__(self, folder: Path, name: str) -> None:
        """Take lock and port. Raises RunnerError, OSError."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, resource.RLIM_INFINITY))
        self._folder = RunFolder(folder)
        self._lock = JobLock(folder / f"{name}.lock")
        self._address = Address(folder / f"{name}.json")
        self._trace = folder / f"{name}.trace"
        self._identity = Identity.of(os.getpid())
        special = {
            "hello": self._hello,
            "configure": self._configure,
            "attend": self._attend,
            "drain": self._drain,
        }
        self._face = Face(self._folder, name, special, self._held)
        self._attendance = Attendance(self._report)
        self._order: Order | None = None
        self._backend: Backend | None = None
        self._gateway: Gateway | None = None
        self._used_at = time.monotonic()
        self._leave = asyncio.Event()

    async def run(self, ready: int) -> None:
        """Serve until nobody needs the backend. ``ready`` is a descriptor on which the start is announced."""
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._leave.set)
        self._watch_for_crashes()
        logging.basicConfig(level=logging.INFO, handlers=[AttendedLog(self._attendance)], force=True)
        # Clients log each request at INFO.
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        await self._face.listen()
        os.write(ready, b"ready\n")
        os.close(ready)
        try:
            await self._live()
        finally:
            await self._end()

    async def _live(self) -> None:
        begun = time.monotonic()
        while not self._leave.is_set():
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._leave.wait()
            except TimeoutError:
                pass
            if self._order is None and time.monotonic() - begun > _ORDER_WITHIN:
                return
            if self._is_unused() or (self._attendance.count and _resident() > _MOST_RESIDENT):
                return

    def _is_unused(self) -> bool:
        if self._order is None or self._gateway is None or self._attendance.count or self._gateway.readers:
            return False
        return time.monotonic() - max(self._used_at, self._gateway.used_at) > self._order.idle

    async def _end(self) -> None:
        if self._gateway is not None:
            await self._gateway.drain(_DRAIN_SECONDS)
        await self._face.close()
        if self._backend is not None:
            await self._backend.close()
        self._trace.unlink(missing_ok=True)
        self._lock.release()
        self._folder.close()

    def _watch_for_crashes(self) -> None:
        """Let a fatal signal leave its stack in a file, which the server shows."""
        descriptor = os.open(self._trace, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        faulthandler.enable(descriptor)

    async def _hello(self, order: Mapping[str, Any], reader: Any, writer: Any) -> dict[str, Any]:
        if order.get("protocol") != PROTOCOL:
            raise PermanentError("storage.worker_protocol")
        return {
            "protocol": PROTOCOL,
            "identity": self._identity.to_json(),
            "source": self._order.source if self._order else "",
            "revision": self._order.revision if self._order else "",
            "port": self._address.port,
            "token": self._address.token,
        }

    async def _configure(self, order: Mapping[str, Any], reader: Any, writer: Any) -> None:
        if self._order is not None:
            raise PermanentError("storage.worker_protocol")
        try:
            wanted = Order.from_json(order["order"])
        except (KeyError, TypeError, ValueError):
            raise WireError("not an order") from None
        try:
            self._backend = Backend.load(wanted, self._attendance.told)
        except CastCoreError:
            self._leave.set()
            raise
        self._order = wanted
        self._gateway = Gateway(self._backend, self._address.token)
        await self._gateway.listen(self._address.listener)

    async def _attend(self, order: Mapping[str, Any], reader: Any, writer: Any) -> None:
        self._held()
        await self._attendance.serve(reader, writer)
        self._used_at = time.monotonic()

    async def _drain(self, order: Mapping[str, Any], reader: Any, writer: Any) -> None:
        """Send everybody away and end."""
        if self._gateway is not None:
            await self._gateway.drain(float(order["seconds"]))
        self._leave.set()

    def _held(self) -> Backend:
        self._used_at = time.monotonic()
        if self._backend is None:
            raise TemporaryError("storage.worker_empty")
        return self._backend

    def _report(self) -> dict[str, Any]:
        assert self._backend is not None
        assert self._gateway is not None
        health = self._backend.health
        return {
            "known": health.known,
            "hung": health.is_hung,
            "error": error_to_json(health.error) if health.error else None,
            "readers": self._gateway.readers,
            "served": self._gateway.served,
            "memory": _resident(),
            "idle": time.monotonic() - max(self._used_at, self._gateway.used_at),
        }


def _resident() -> int:
    """Return the bytes of memory in use (proc(5), statm), 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    except OSError:
        return 0
