"""Tell an outage of the database from a fault in the program."""

from __future__ import annotations

import sqlite3

from tortoise.exceptions import DBConnectionError, OperationalError

_SQLITE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
    }
)


def is_outage(error: BaseException) -> bool:
    """Tell whether ``error`` means that the database cannot serve right now; the same call may work later."""
    if isinstance(error, DBConnectionError):
        return True
    causes = [error, error.__cause__, *error.args] if isinstance(error, OperationalError) else [error]
    for cause in causes:
        if isinstance(cause, sqlite3.Error):
            return (getattr(cause, "sqlite_errorcode", 0) & 0xFF) in _SQLITE
        # By name: a server on SQLite never imports asyncpg. Class 08 is connection, 53 resources, 57 intervention.
        if type(cause).__module__.startswith("asyncpg"):
            state = str(getattr(cause, "sqlstate", None) or "08")
            return state[:2] in ("08", "53", "57")
    return False
