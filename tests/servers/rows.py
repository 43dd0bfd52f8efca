"""Look into a database of either kind as it is: tables, rows, columns, indexes, foreign keys."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext

from castcore_core.db import Target

Rows = dict[str, list[dict[str, Any]]]

_OWN = ("tortoise_migrations", "sqlite_sequence")


async def _select(client: BaseDBAsyncClient, sql: str) -> list[dict[str, Any]]:
    _, rows = await client.execute_query(sql)
    return [dict(row) for row in rows]


async def _tables(client: BaseDBAsyncClient) -> list[str]:
    sqlite = client.capabilities.dialect == "sqlite"
    sql = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if sqlite
        else "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()"
    )
    return sorted(row["name"] for row in await _select(client, sql) if row["name"] not in _OWN)


async def read_rows(target: Target) -> Rows:
    """Return every row of every table, in an order that the values give."""
    async with TortoiseContext() as context:
        await context.init(config=target.config(["castcore_core.api.models"]))
        client = context.db()
        found = {table: await _select(client, f'SELECT * FROM "{table}"') for table in await _tables(client)}
    return {table: sorted(rows, key=lambda row: json.dumps(row, default=str)) for table, rows in found.items()}


async def read_schema(target: Target) -> dict[str, Any]:
    """Return columns, indexes and foreign keys of every table, without the names that a rebuild may change."""
    async with TortoiseContext() as context:
        await context.init(config=target.config(["castcore_core.api.models"]))
        client = context.db()
        read = _sqlite_table if target.dialect == "sqlite" else _postgres_table
        return {table: await read(client, table) for table in await _tables(client)}


async def _sqlite_table(client: BaseDBAsyncClient, table: str) -> dict[str, Any]:
    columns = await _select(client, f'PRAGMA table_info("{table}")')
    indexes = []
    for index in await _select(client, f'PRAGMA index_list("{table}")'):
        parts = await _select(client, f'PRAGMA index_info("{index["name"]}")')
        indexes.append((bool(index["unique"]), tuple(part["name"] for part in parts)))
    keys = await _select(client, f'PRAGMA foreign_key_list("{table}")')
    return {
        "columns": sorted((c["name"], c["type"], bool(c["notnull"]), bool(c["pk"])) for c in columns),
        "indexes": sorted(set(indexes)),
        "keys": sorted((key["from"], key["table"], key["to"], key["on_delete"]) for key in keys),
    }


async def _postgres_table(client: BaseDBAsyncClient, table: str) -> dict[str, Any]:
    columns = await _select(
        client,
        f"SELECT column_name, data_type, character_maximum_length AS size, is_nullable FROM information_schema.columns"
        f" WHERE table_name = '{table}' AND table_schema = current_schema()",
    )
    indexes = await _select(
        client,
        f"SELECT i.indisunique AS is_unique, (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(i.indkey)"
        f" WITH ORDINALITY AS k(number, n) JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number)"
        f" AS parts FROM pg_index i WHERE i.indrelid = '\"{table}\"'::regclass",
    )
    keys = await _select(
        client,
        f"SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint"
        f" WHERE conrelid = '\"{table}\"'::regclass AND contype = 'f'",
    )
    return {
        "columns": sorted((c["column_name"], c["data_type"], c["size"], c["is_nullable"]) for c in columns),
        "indexes": sorted({(index["is_unique"], tuple(index["parts"].split(","))) for index in indexes}),
        "keys": sorted(key["text"] for key in keys),
    }


@dataclass(frozen=True)
class Column:
    """One column; ``references`` is the table and column of its foreign key."""

    name: str
    type: str
    nullable: bool
    references: tuple[str, str] | None


async def read_columns(target: Target) -> dict[str, list[Column]]:
    """Return the columns of every table."""
    async with TortoiseContext() as context:
        await context.init(config=target.config(["castcore_core.api.models"]))
        client = context.db()
        read = _sqlite_columns if target.dialect == "sqlite" else _postgres_columns
        return {table: await read(client, table) for table in await _tables(client)}


async def _sqlite_columns(client: BaseDBAsyncClient, table: str) -> list[Column]:
    keys = {k["from"]: (k["table"], k["to"]) for k in await _select(client, f'PRAGMA foreign_key_list("{table}")')}
    return [
        Column(c["name"], c["type"], not c["notnull"] and not c["pk"], keys.get(c["name"]))
        for c in await _select(client, f'PRAGMA table_info("{table}")')
    ]


async def _postgres_columns(client: BaseDBAsyncClient, table: str) -> list[Column]:
    found = await _select(
        client,
        f"SELECT attname AS name, format_type(atttypid, atttypmod) AS type, NOT attnotnull AS nullable"
        f" FROM pg_attribute WHERE attrelid = '\"{table}\"'::regclass AND attnum > 0 AND NOT attisdropped"
        " ORDER BY attnum",
    )
    keys = await _select(
        client,
        f"SELECT a.attname AS name, t.relname AS parent, b.attname AS key FROM pg_constraint c"
        f" JOIN pg_class t ON t.oid = c.confrelid"
        f" JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
        f" JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]"
        f" WHERE c.conrelid = '\"{table}\"'::regclass AND c.contype = 'f'",
    )
    references = {key["name"]: (key["parent"], key["key"]) for key in keys}
    return [Column(c["name"], c["type"], c["nullable"], references.get(c["name"])) for c in found]


async def execute(target: Target, *statements: str) -> None:
    """Run SQL statements one by one."""
    async with TortoiseContext() as context:
        await context.init(config=target.config(["castcore_core.api.models"]))
        for statement in statements:
            await context.db().execute_query(statement)
