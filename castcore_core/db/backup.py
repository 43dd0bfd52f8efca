"""The copy that is made before a migration: a SQLite file, or a zip with one CSV per PostgreSQL table."""

from __future__ import annotations

import asyncio
import io
import os
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from castcore_core.db.lock import connect
from castcore_core.db.target import Target

_KEPT = 5


async def back_up(target: Target, folder: Path, *, before: str) -> Path:
    """Write a consistent copy of the database into ``folder`` for the owner alone and return its path.

    ``before`` is the migration that comes next. The five newest such copies are kept.
    """
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    path = folder / f"before-{before}-{moment}.{'db' if target.dialect == 'sqlite' else 'zip'}"
    _make_room(folder, path)
    if target.dialect == "sqlite":
        await asyncio.to_thread(_copy_sqlite, target.path, path)
    else:
        await _copy_postgres(target, path)
    return path


def _make_room(folder: Path, path: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    for old in sorted(folder.glob("before-*"), key=lambda entry: entry.stat().st_mtime)[:-_KEPT]:
        old.unlink(missing_ok=True)


def _copy_sqlite(source: Path, copy: Path) -> None:
    with closing(sqlite3.connect(source)) as reader, closing(sqlite3.connect(copy)) as writer:
        reader.backup(writer)


async def _copy_postgres(target: Target, copy: Path) -> None:
    connection = await connect(target)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            tables = await connection.fetch(
                "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
            )
            with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as archive:
                for row in tables:
                    rows = io.BytesIO()
                    await connection.copy_from_table(row["tablename"], output=rows, format="csv", header=True)
                    archive.writestr(f"{row['tablename']}.csv", rows.getvalue())
    finally:
        connection.terminate()
