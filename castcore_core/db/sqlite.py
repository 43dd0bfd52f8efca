"""Tortoise's SQLite client with transactions that are safe beside other processes and under cancellation.

* ``BEGIN IMMEDIATE``: a deferred transaction that reads and then writes fails at once, whatever ``busy_timeout`` says,
  when another process (``castcore user create``) has written in between.
* A begin that fails or is cancelled gives the connection back; Tortoise 1.1 keeps its lock for ever.
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

from tortoise.backends.base.client import TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.connection import get_connections
from tortoise.exceptions import OperationalError


class _ImmediateTransaction(SqliteTransactionWrapper):
    async def begin(self) -> None:
        try:
            await self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error


class _Transaction(SqliteTransactionContext):
    __slots__ = ()

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            await self.ensure_connection()
            self.token = get_connections().set(self.connection_name, self.connection)
            try:
                await self.connection.begin()
            except BaseException:
                get_connections().reset(self.token)
                # A cancelled begin may still run in the connection's thread; the rollback queues behind it.
                await asyncio.shield(self.connection._connection.rollback())
                raise
        except BaseException:
            self._trxlock.release()
            raise
        entered: TransactionalDBClient = self.connection
        return entered


class Client(SqliteClient):
    """SQLite for a server."""

    def _in_transaction(self) -> TransactionContext:
        return _Transaction(_ImmediateTransaction(self), self._lock)


client_class: type[Any] = Client
