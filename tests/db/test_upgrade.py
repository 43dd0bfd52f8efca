"""From every earlier schema to the present one, with rows in every table: nothing is lost, nothing is forgotten."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from castcore_core.db.guard import migrate
from servers import dump
from servers.postgres import PostgresServer
from servers.rows import Rows, read_rows, read_schema

DROPPED: dict[str, set[str]] = {}
"""Table → columns that a migration has taken away on purpose; a whole table under its name with ``{"*"}``."""


@pytest.fixture(params=dump.DIALECTS)
def server(request: pytest.FixtureRequest) -> PostgresServer | None:
    found: PostgresServer | None = request.getfixturevalue("postgres_server") if request.param == "postgres" else None
    return found


def _compare(before: Rows, after: Rows) -> None:
    for table, rows in before.items():
        if DROPPED.get(table) == {"*"}:
            continue
        kept = [name for name in rows[0] if name not in DROPPED.get(table, set())]
        assert set(kept) <= set(after[table][0]), table
        assert _sorted(rows, kept) == _sorted(after[table], kept), table


def _sorted(rows: list[dict[str, Any]], names: list[str]) -> list[str]:
    return sorted(repr([(name, row[name]) for name in sorted(names)]) for row in rows)


@pytest.mark.parametrize("name", dump.names())
async def test_every_row_survives(name: str, server: PostgresServer | None, tmp_path: Path) -> None:
    text = dump.path_of(name, "postgres" if server else "sqlite").read_text()
    target = dump.load(text, tmp_path, server)
    before = await read_rows(target)
    assert {table: len(rows) for table, rows in before.items()} == dict.fromkeys(before, 3)
    done = await migrate(target, tmp_path / "backups")
    assert list(done.applied) == [later for later in dump.names() if later > name]
    assert (done.backup is None) == (done.applied == ())
    _compare(before, await read_rows(target))
    (tmp_path / "fresh").mkdir()
    fresh = dump.load("", tmp_path / "fresh", server)
    await migrate(fresh, tmp_path / "backups")
    assert await read_schema(target) == await read_schema(fresh)


def test_every_schema_is_kept() -> None:
    missing = [
        str(dump.path_of(name, dialect).name)
        for name in dump.names()
        for dialect in dump.DIALECTS
        if not dump.path_of(name, dialect).exists()
    ]
    assert missing == [], "PYTHONPATH=tests python -m servers.dump"


async def test_the_models_have_nothing_that_the_migrations_lack() -> None:
    tool = runpy.run_path(str(Path(__file__).parents[2] / "tools/migration.py"))
    changes = await tool["changes"]()
    assert [operation.describe() for writer in changes for operation in writer.operations] == []


def test_migrations_form_one_line() -> None:
    for earlier, later in zip(dump.names(), dump.names()[1:], strict=False):
        text = (dump.MIGRATIONS / f"{later}.py").read_text()
        assert f"'{earlier}'" in text or f'"{earlier}"' in text, later
