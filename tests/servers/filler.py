"""Put rows into every table of a database, from its schema alone: a schema of yesterday has no models today."""

from __future__ import annotations

import re
import uuid
from typing import Any

from castcore_core.db import Target
from servers.rows import execute, read_columns

ROWS = 3
_NAMESPACE = uuid.UUID(int=7)


async def fill(target: Target) -> None:
    """Insert three rows into each table; the first has NULL wherever it may, texts hold what breaks careless SQL."""
    tables = await read_columns(target)
    made: dict[str, list[dict[str, Any]]] = {}
    while len(made) < len(tables):
        ready = [
            table
            for table, columns in tables.items()
            if table not in made and {c.references[0] for c in columns if c.references} <= {*made, table}
        ]
        assert ready, f"foreign keys in a circle: {tables.keys() - made.keys()}"
        for table in ready:
            made[table] = [_row(table, tables[table], number, made) for number in range(ROWS)]
            await execute(target, *(_insert(table, row) for row in made[table]))


def _row(table: str, columns: list[Any], number: int, made: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for column in columns:
        if column.nullable and number == 0:
            row[column.name] = None
        elif column.references:
            parent, key = column.references
            row[column.name] = None if parent == table else made[parent][number][key]
        else:
            row[column.name] = _value(table, column, number)
    return row


def _value(table: str, column: Any, number: int) -> Any:
    kind = column.type.lower()
    if kind == "uuid" or kind.startswith("char(36"):
        return str(uuid.uuid5(_NAMESPACE, f"{table}.{column.name}.{number}"))
    if "json" in kind:
        return f'{{"n": [{number}, "ü", null]}}'
    if "timestamp" in kind or "datetime" in kind:
        return f"2026-03-0{number + 1} 12:00:00.12345{number}+00:00"
    if kind.startswith("bool"):
        return number % 2 == 0
    if any(name in kind for name in ("int", "serial")):
        return number + 1
    if any(name in kind for name in ("real", "double", "numeric", "decimal")):
        return number + 0.5
    size = re.search(r"\((\d+)\)", kind)
    text = f"{number} ü'\"; -- \\ {column.name} 😀"
    return text[: int(size[1])] if size else text + "\n" + "long " * 100


def _insert(table: str, row: dict[str, Any]) -> str:
    names = ", ".join(f'"{name}"' for name in row)
    return f'INSERT INTO "{table}" ({names}) VALUES ({", ".join(map(_literal, row.values()))})'


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    return str(value) if isinstance(value, int | float) else "'" + value.replace("'", "''") + "'"
