"""Placeholders in titles and descriptions. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

PLACEHOLDERS = (
    "stream_title",
    "date",
    "time",
    "platform",
    "category",
    "tags",
    "source_name",
    "server_name",
    "channel_name",
)
"""Every name that may stand in braces."""

_PLACEHOLDER = re.compile(r"\{([a-z_]{1,40})\}")

Fault = Literal["unknown", "no_value"]


@dataclass(frozen=True, slots=True)
class Warned:
    """A placeholder that stays as it is: nobody knows the name, or there is no value for it here."""

    field: str
    placeholder: str
    fault: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What viewers read, with or without placeholders."""

    title: str
    description: str = ""
    category: str | None = None
    tags: Sequence[str] = ()
    language: str | None = None
    thumbnail_id: UUID | None = None


def resolve(texts: Texts, values: Mapping[str, str]) -> tuple[Texts, list[Warned]]:
    """Return the texts with ``values`` in the place of placeholders; the rest stays, and is warned about once a field.

    Category and tags are resolved first: they are values of the other fields.
    """
    warned: dict[tuple[str, str], Warned] = {}

    def put(field: str, text: str, known: Mapping[str, str]) -> str:
        return _PLACEHOLDER.sub(_filler(field, known, warned), text)

    category = None if texts.category is None else put("category", texts.category, values)
    tags = [put("tags", tag, values) for tag in texts.tags]
    known = {**values, "category": category or "", "tags": ", ".join(tags)}
    done = replace(
        texts,
        title=put("title", texts.title, known),
        description=put("description", texts.description, known),
        category=category,
        tags=tags,
    )
    return done, list(warned.values())


def _filler(
    field: str, known: Mapping[str, str], warned: dict[tuple[str, str], Warned]
) -> Callable[[re.Match[str]], str]:
    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name in known:
            return known[name]
        fault: Fault = "no_value" if name in PLACEHOLDERS else "unknown"
        warned.setdefault((field, name), Warned(field, name, fault))
        return match[0]

    return fill
