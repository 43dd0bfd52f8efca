"""Reading JSON that came from outside: what is missing or of another type is empty, never an exception."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias, cast

Answer: TypeAlias = Mapping[str, Any]
"""A JSON object."""


def child(answer: Answer, *names: str) -> Answer:
    """Return the object under a path of names."""
    found: Any = answer
    for name in names:
        found = cast(Answer, found).get(name) if isinstance(found, Mapping) else None
    return cast(Answer, found) if isinstance(found, Mapping) else {}


def children(answer: Answer, name: str) -> Sequence[Answer]:
    """Return the objects of a list."""
    return [cast(Answer, item) for item in _items(answer, name) if isinstance(item, Mapping)]


def texts(answer: Answer, name: str) -> Sequence[str]:
    """Return the texts of a list."""
    return [item for item in _items(answer, name) if isinstance(item, str)]


def _items(answer: Answer, name: str) -> list[Any]:
    found: Any = answer.get(name)
    if not isinstance(found, list):
        return []
    items: list[Any] = found
    return items


def text(answer: Answer, name: str) -> str:
    """Return a text."""
    found = answer.get(name)
    return found if isinstance(found, str) else ""


def number(answer: Answer, name: str) -> int | None:
    """Return a whole number; Google sends 64-bit ones as text."""
    found = answer.get(name)
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    return int(found) if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 20 else None


def moment(answer: Answer, name: str) -> datetime | None:
    """Return a moment of RFC 3339, with its zone."""
    try:
        found = datetime.fromisoformat(text(answer, name))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
