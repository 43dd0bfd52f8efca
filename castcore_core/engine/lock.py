"""One engine per data folder, and per database."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from castcore_core.db.lock import connect
from castcore_core.db.target import Target
from castcore_core.engine.link import is_locked
from castcore_sdk.errors import PermanentError

_KEY = 0x43415354_454E4749
"""'CASTENGI': PostgreSQL keeps advisory locks per database."""
_PATIENCE_S = 1.0
"""A server that is being replaced may need a moment to end."""
_STEP_S = 0.05
_FILE = "engine.lock"


def has_engine(folder: Path) -> bool:
    """Say whether an engine of this machine keeps the jobs of the run folder."""
    return is_locked(folder / _FILE)


@asynccontextmanager
async def engine_lock(folder: Path, target: Target, on_lost: Callable[[], None]) -> AsyncIterator[None]:
    """Be the only engine; both locks fall with their holder, also at ``kill -9``.

    ``on_lost`` is called when the database's lock falls because its connection is lost.
    Raises PermanentError ``server.already_running``.
    """
    async with _file_lock(folder / _FILE):
        if target.dialect == "sqlite":
            yield
        else:
            async with _advisory_lock(target, on_lost):
                yield


def _refusal(place: str) -> PermanentError:
    return PermanentError("server.already_running", params={"place": place})


@asynccontextmanager
async def _file_lock(path: Path) -> AsyncIterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        until = asyncio.get_running_loop().time() + _PATIENCE_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if asyncio.get_running_loop().time() > until:
                    raise _refusal(str(path.parent)) from None
            await asyncio.sleep(_STEP_S)
        yield
    finally:
        os.close(descriptor)


@asynccontextmanager
async def _advisory_lock(target: Target, on_lost: Callable[[], None]) -> AsyncIterator[None]:
    connection = await connect(target)
    over = False
    try:
        until = asyncio.get_running_loop().time() + _PATIENCE_S
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _KEY):
            if asyncio.get_running_loop().time() > until:
                raise _refusal(target.place)
            await asyncio.sleep(_STEP_S)
        connection.add_termination_listener(lambda _: None if over else on_lost())
        yield
    finally:
        over = True
        connection.terminate()
