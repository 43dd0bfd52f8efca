"""Find out within two seconds whether the database can be opened, and say why not.

Tortoise waits for ever on some of these faults, so each is tried by the plain driver first.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from castcore_core.db.target import Target
from castcore_sdk.errors import CastCoreError, ConfigurationError, TemporaryError

_LIMIT_S = 1.8
_SQLITE_BUSY_S = 1.0


async def probe(target: Target) -> None:
    """Open and close the database once.

    Raises ConfigurationError or TemporaryError ``database.*`` within 2 s.
    """
    attempt = _probe_postgres(target) if target.dialect == "postgres" else asyncio.to_thread(_probe_sqlite, target.path)
    try:
        await asyncio.wait_for(attempt, _LIMIT_S)
    except TimeoutError:
        raise TemporaryError("database.unreachable", params={"place": target.place, "reason": "timeout"}) from None


def _probe_sqlite(path: Path) -> None:
    def unusable(reason: str) -> ConfigurationError:
        return ConfigurationError("database.file_unusable", params={"path": str(path), "reason": reason})

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise unusable(error.strerror or type(error).__name__) from None
    connection = sqlite3.connect(path, timeout=_SQLITE_BUSY_S, isolation_level=None)
    try:
        connection.execute("PRAGMA schema_version").fetchone()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            # Another CastCore writes or migrates; Tortoise's own busy time-out waits for it.
            return
        raise unusable(str(error)) from None
    finally:
        connection.close()


async def _probe_postgres(target: Target) -> None:
    import asyncpg

    place = {"place": target.place}
    named: list[tuple[type[BaseException], Callable[[], CastCoreError]]] = [
        (asyncpg.InvalidCatalogNameError, lambda: ConfigurationError("database.missing", params=place)),
        (asyncpg.InvalidAuthorizationSpecificationError, lambda: ConfigurationError("database.refused", params=place)),
    ]
    keys = ("host", "port", "user", "password", "database", "ssl")
    try:
        connection = await asyncpg.connect(
            **{key: target.credentials[key] for key in keys if key in target.credentials}, timeout=_LIMIT_S
        )
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        for kind, problem in named:
            if isinstance(error, kind):
                raise problem() from None
        raise TemporaryError("database.unreachable", params=place | {"reason": type(error).__name__}) from None
    try:
        await connection.fetchval("SELECT 1")
    finally:
        connection.terminate()
