"""One open database for the whole process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext

from castcore_core.db.probe import probe
from castcore_core.db.target import Target
from castcore_core.feature import model_modules
from castcore_sdk.errors import TemporaryError

_CHECK_S = 2.0


@dataclass(frozen=True, slots=True)
class Database:
    """An open database; models use it without being handed it."""

    target: Target
    client: BaseDBAsyncClient

    @property
    def dialect(self) -> Literal["sqlite", "postgres"]:
        """Which SQL is spoken."""
        return self.target.dialect

    async def check(self) -> None:
        """Ask the database something trivial; raises TemporaryError ``database.unavailable`` within 2 s."""
        try:
            await asyncio.wait_for(self.client.execute_query("SELECT 1"), _CHECK_S)
        except Exception as error:  # each driver has its own family of outages, and every one of them means 'not now'
            raise TemporaryError("database.unavailable", params={"reason": type(error).__name__}) from error


@asynccontextmanager
async def open_database(target: Target, models: Sequence[str] | None = None) -> AsyncIterator[Database]:
    """Open ``target`` for every task of this process and close it at the end; one at a time in a process.

    The schema is expected to be current: :func:`castcore_core.db.guard.migrate` comes first.
    Raises ConfigurationError or TemporaryError ``database.*`` within 2 s where it cannot be opened.
    """
    await probe(target)
    async with TortoiseContext() as context:
        await context.init(
            config=target.config(model_modules() if models is None else models), _enable_global_fallback=True
        )
        # The context manager closes it also after an exception: an open SQLite connection's thread hangs the exit.
        yield Database(target, context.db())
