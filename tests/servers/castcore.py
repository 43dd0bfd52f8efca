"""CastCore's server for tests: inside the test without a process, or as a process of its own.

    async with application(folder) as app: await app.test_client().get(…)
    with server(folder) as running: running.address

They use SQLite and events in memory; with ``CASTCORE_TEST_BACKENDS=scaled`` in the environment of pytest, PostgreSQL
and Redis. One kind per run: Tortoise keeps prepared SQL without its dialect.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from quart import Quart

from castcore_core.api.app import create_app
from castcore_core.api.gate import Gate
from castcore_core.config import load_configuration
from castcore_core.core import Core
from castcore_core.feature import FEATURES, Feature
from castcore_core.server.life import live
from servers.postgres import PostgresServer, postgres
from servers.redis import RedisServer
from servers.stage import OpenGate


@cache
def _servers() -> tuple[PostgresServer, RedisServer]:
    stack = ExitStack()
    atexit.register(stack.close)
    folder = Path(stack.enter_context(TemporaryDirectory()))
    return stack.enter_context(postgres()), stack.enter_context(RedisServer(folder))


_backends: dict[Path, dict[str, str]] = {}


def backends(folder: Path, *, like: Path | None = None) -> dict[str, str]:
    """Return what a server on ``folder`` is to use; the same folder always has the same database.

    A new database is a copy of the one of folder ``like``.
    """
    if os.environ.get("CASTCORE_TEST_BACKENDS") != "scaled":
        return {}
    if folder not in _backends:
        database, redis = _servers()
        template = _backends[like]["CASTCORE_DATABASE_URL"].rpartition("/")[2] if like else None
        _backends[folder] = {
            "CASTCORE_DATABASE_URL": database.database(template),
            "CASTCORE_REDIS_URL": redis.url,
            "CASTCORE_REDIS_PREFIX": f"t{secrets.token_hex(6)}",
        }
    return _backends[folder]


def clone(source: Path, folder: Path) -> None:
    """Make ``folder`` a copy of the data folder ``source`` of a server that has ended, with its database."""
    shutil.copytree(source, folder, dirs_exist_ok=True)
    backends(folder, like=source)


@asynccontextmanager
async def running_core(
    folder: Path, *, features: Iterable[Feature] = FEATURES, **environment: str
) -> AsyncIterator[Core]:
    """Open a core on ``folder``; ``environment`` are keys such as ``CASTCORE_METRICS``."""
    configuration = load_configuration(environment={"CASTCORE_DATA_DIR": str(folder)} | backends(folder) | environment)
    async with live(configuration, features=features) as core:
        yield core


@asynccontextmanager
async def application(
    folder: Path, *, features: Iterable[Feature] = FEATURES, gate: Gate | None = None, **environment: str
) -> AsyncIterator[Quart]:
    """Open core and application; ask it through ``app.test_client()``. The gate is open unless one is given."""
    async with running_core(folder, features=features, **environment) as core:
        yield create_app(core, features=features, gate=gate or OpenGate())


@dataclass
class ServerProcess:
    """A server that runs beside the test."""

    process: subprocess.Popen[str]
    log: Path
    address: str = ""

    @property
    def socket_address(self) -> str:
        """The address for WebSockets."""
        return self.address.replace("http", "ws", 1)

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Send a signal, wait for the end and return how many seconds it took."""
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(20)
        return time.monotonic() - begun


def start(
    folder: Path, *, module: str = "castcore_core.server", python: str = sys.executable, **environment: str
) -> ServerProcess:
    """Start a process; its first line of output is awaited by :func:`wait_ready`."""
    log = folder.with_name(f"{folder.name}.log")
    surrounding = {name: value for name, value in os.environ.items() if not name.startswith("CASTCORE_")}
    surrounding |= {"CASTCORE_DATA_DIR": str(folder), "CASTCORE_PORT": "0"} | backends(folder) | environment
    surrounding["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    with log.open("a") as errors:
        process = subprocess.Popen(
            [python, "-W", "error", "-m", module, "--json"],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=surrounding,
        )
    return ServerProcess(process, log)


def wait_ready(started: ServerProcess) -> ServerProcess:
    """Wait until the server says its address."""
    assert started.process.stdout is not None
    line = started.process.stdout.readline()
    assert line, started.log.read_text()
    started.address = json.loads(line)["address"]
    return started


@contextmanager
def server(
    folder: Path, *, module: str = "castcore_core.server", python: str = sys.executable, **environment: str
) -> Iterator[ServerProcess]:
    """Start a server, wait until it is ready, and end it with the block."""
    started = start(folder, module=module, python=python, **environment)
    try:
        yield wait_ready(started)
    finally:
        if started.process.poll() is None:
            started.process.kill()
            started.process.wait()
        if started.process.stdout:
            started.process.stdout.close()
