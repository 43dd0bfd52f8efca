"""Transactions on SQLite beside other writers and under cancellation."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tortoise.exceptions import OperationalError
from tortoise.transactions import in_transaction

from castcore_core.api.models import KeptAnswer
from castcore_core.db import Database, Target, open_database
from castcore_core.db.guard import migrate
from castcore_core.db.outage import is_outage


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    target = Target.parse(f"sqlite:///{tmp_path}/castcore.db")
    target = replace(target, credentials=target.credentials | {"busy_timeout": 300})
    await migrate(target, tmp_path / "backups")
    async with open_database(target) as opened:
        yield opened


async def make(place: str) -> None:
    await KeptAnswer.create(place=place, request="", server="")


def other_writer(database: Database) -> sqlite3.Connection:
    connection = sqlite3.connect(database.target.path, isolation_level=None, timeout=2)
    connection.execute("BEGIN IMMEDIATE")
    return connection


async def test_pragmas_are_as_stated(database: Database) -> None:
    stated = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 300}
    for pragma, value in stated.items():
        _, rows = await database.client.execute_query(f"PRAGMA {pragma}")
        assert next(iter(dict(rows[0]).values())) == value, pragma


async def test_a_transaction_reads_and_then_writes_beside_another_process(database: Database) -> None:
    await make("a")
    async with in_transaction():
        assert await KeptAnswer.all().count() == 1
        with (
            closing(sqlite3.connect(database.target.path, timeout=0)) as other,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            other.execute("DELETE FROM kept_answer")
        await make("b")
    assert await KeptAnswer.all().count() == 2


async def test_a_begin_that_finds_the_file_locked_is_an_outage_and_passes(database: Database) -> None:
    with closing(other_writer(database)) as other:
        with pytest.raises(OperationalError) as caught:
            async with in_transaction():
                pass
        assert is_outage(caught.value)
        other.execute("ROLLBACK")
    async with asyncio.timeout(2), in_transaction():
        await make("a")


@pytest.mark.parametrize("wait", [0, 0.1])
async def test_a_cancelled_begin_gives_the_connection_back(database: Database, wait: float) -> None:
    async def write(place: str) -> None:
        async with in_transaction():
            await make(place)

    with closing(other_writer(database)) as other:
        waiting = asyncio.create_task(write("lost"))
        await asyncio.sleep(wait)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        other.execute("ROLLBACK")
    async with asyncio.timeout(2):
        await write("kept")
        with closing(sqlite3.connect(database.target.path, timeout=0)) as other:
            assert other.execute("SELECT place FROM kept_answer").fetchall() == [("kept",)]
            other.execute("DELETE FROM kept_answer")
            other.commit()


async def test_an_exception_rolls_back(database: Database) -> None:
    async def fail() -> None:
        async with in_transaction():
            await make("a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await KeptAnswer.all().count() == 0


def test_a_fault_of_the_program_is_no_outage() -> None:
    assert not is_outage(OperationalError("near SELECT: syntax error"))
    assert not is_outage(ValueError())
