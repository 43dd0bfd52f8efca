"""Reading JSON that came from outside: what is missing or of another type is empty, never an exception."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """Return a whole number."""
    found = answer.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None
