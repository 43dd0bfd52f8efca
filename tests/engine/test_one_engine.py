"""One engine per data folder and per database."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tortoise.backends.base.executor import EXECUTOR_CACHE

from castcore_sdk.errors import PermanentError
from engine.scene import house
from runner.scene import Sink
from servers.castcore import server, start
from servers.postgres import PostgresServer, postgres


@pytest.fixture
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL."""
    # Tortoise keeps statements per connection name, in the words of the database that it met first.
    EXECUTOR_CACHE.clear()
    with postgres() as running:
        yield running
    EXECUTOR_CACHE.clear()


def test_a_second_server_on_a_folder_is_refused_and_one_for_the_web_is_not(data: Path) -> None:
    with server(data) as first:
        second = start(data)
        output, _ = second.process.communicate(timeout=20)
        assert "server.already_running" in output
        assert second.process.returncode != 0
        with server(data, CASTCORE_ROLE="web"):
            pass
        first.stop(signal.SIGKILL)
    with server(data):
        pass


async def test_a_web_server_commands_and_the_engine_obeys(data: Path, sink: Sink) -> None:
    async with house(data, CASTCORE_ROLE="web") as web:
        job = await web.job("news", sink.url, "a")
        await web.commands.start(job)
    async with house(data) as home:
        await home.reach(job, "running")
        with pytest.raises(PermanentError, match=r"server\.already_running"):
            await asyncio.create_task(_open(data))


async def _open(data: Path) -> None:
    from castcore_core.config import DataFolder
    from castcore_core.db import Target
    from castcore_core.engine.lock import engine_lock

    folder = DataFolder(data)
    async with engine_lock(folder.run, Target.parse(f"sqlite:///{data}/castcore.db"), lambda: None):
        pass


async def test_one_engine_per_database_on_postgresql(data: Path, sink: Sink, postgres_server: PostgresServer) -> None:
    url = postgres_server.database()
    async with house(data, CASTCORE_DATABASE_URL=url) as home:
        job = await home.job("news", sink.url, "a")
        await home.commands.start(job)
        await home.reach(job, "running")
        second = start(data.with_name("other"), CASTCORE_DATABASE_URL=url)
        output, _ = await asyncio.to_thread(second.process.communicate, timeout=20)
        assert "server.already_running" in output
        runner = await home.runner(job)
    async with house(data, CASTCORE_DATABASE_URL=url) as home:
        assert home.status(job).state == "running"
        assert (await home.runner(job)).pid == runner.pid
        await home.commands.stop(job)
        await home.reach(job, "stopped")
    assert len(sink.of("a")) == 1
