"""One migration at a time per database."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from castcore_core.db.target import Target
from castcore_sdk.errors import TemporaryError

_ADVISORY_KEY = 0x43415354_4D494752
"""'CASTMIGR': one number for all of CastCore; PostgreSQL keeps advisory locks per database."""
_PATIENCE_S = 60.0
_RETRY_S = 0.05


@asynccontextmanager
async def migration_lock(target: Target) -> AsyncIterator[None]:
    """Hold the database's migration lock; it falls with its holder, also at ``kill -9``.

    Raises TemporaryError ``database.migration_locked`` after a minute.
    """
    manager = _file_lock(target.path) if target.dialect == "sqlite" else _advisory_lock(target)
    async with manager:
        yield


def _patience() -> float:
    return asyncio.get_running_loop().time() + _PATIENCE_S


async def _wait(until: float) -> None:
    if asyncio.get_running_loop().time() > until:
        raise TemporaryError("database.migration_locked")
    await asyncio.sleep(_RETRY_S)


@asynccontextmanager
async def _file_lock(database: Path) -> AsyncIterator[None]:
    descriptor = os.open(f"{database}.migrate", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        until = _patience()
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await _wait(until)
        yield
    finally:
        os.close(descriptor)


@asynccontextmanager
async def _advisory_lock(target: Target) -> AsyncIterator[None]:
    connection = await connect(target)
    try:
        until = _patience()
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _ADVISORY_KEY):
            await _wait(until)
        yield
    finally:
        connection.terminate()


async def connect(target: Target) -> Any:
    """Return a plain connection to a PostgreSQL ``target``, outside Tortoise's pool."""
    import asyncpg

    keys = ("host", "port", "user", "password", "database", "ssl")
    settings = {"search_path": target.credentials["schema"]} if "schema" in target.credentials else {}
    return await asyncpg.connect(
        **{key: target.credentials[key] for key in keys if key in target.credentials},
        timeout=target.credentials["timeout"],
        server_settings=settings,
    )
