"""Keep every schema for the upgrade tests: ``PYTHONPATH=tests python -m servers.dump`` writes the missing dumps.

A dump is made with its migration, and never again after a release: later code must cope with what earlier code wrote.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from castcore_core.db import Target
from castcore_core.db.guard import migrate
from servers.filler import fill
from servers.postgres import PostgresServer, postgres

FOLDER = Path(__file__).parents[1] / "db/dumps"
MIGRATIONS = Path(__file__).parents[2] / "castcore_core/db/migrations"
DIALECTS = ("postgres", "sqlite")


def names() -> list[str]:
    """Return the migrations in their order."""
    return sorted(path.stem for path in MIGRATIONS.glob("[0-9]*.py"))


def path_of(name: str, dialect: str) -> Path:
    """Return where the dump of the schema after migration ``name`` is."""
    return FOLDER / f"{name}.{dialect}.sql"


def load(dump: str, folder: Path, server: PostgresServer | None) -> Target:
    """Make a database of ``dump``: in ``server``, or a SQLite file in ``folder``."""
    if server is None:
        with closing(sqlite3.connect(folder / "castcore.db")) as connection:
            connection.executescript(dump)
        return Target.parse(f"sqlite:///{folder}/castcore.db")
    url = server.database()
    server.sql(dump, url.rpartition("/")[2])
    return Target.parse(url)


async def _make(name: str, target: Target, folder: Path) -> None:
    await migrate(target, folder, upto=name)
    await fill(target)


def main() -> None:
    """Write what is missing."""
    FOLDER.mkdir(exist_ok=True)
    with postgres() as server, tempfile.TemporaryDirectory() as scratch:
        for name in names():
            folder = Path(scratch) / name
            folder.mkdir()
            if not path_of(name, "sqlite").exists():
                asyncio.run(_make(name, Target.parse(f"sqlite:///{folder}/castcore.db"), folder))
                with closing(sqlite3.connect(folder / "castcore.db")) as connection:
                    path_of(name, "sqlite").write_text("\n".join(connection.iterdump()) + "\n")
            if not path_of(name, "postgres").exists():
                url = server.database()
                asyncio.run(_make(name, Target.parse(url), folder))
                path_of(name, "postgres").write_text(server.dump(url.rpartition("/")[2]))


if __name__ == "__main__":
    main()
