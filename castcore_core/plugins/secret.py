"""Take secret values out of texts that leave a plugin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from pydantic import BaseModel, SecretBytes, SecretStr

from castcore_core.secrets import scrubber
from castcore_sdk import ExtensionConfig, config_schema

MASK = "••••"

_MARK = "x-castcore-secret"

_SHORTEST = 4
"""Shorter values are left alone: they stand in any text by chance."""


class Scrubber:
    """Replace known secret values, also where they are quoted for a URL, JSON or a repr."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        forms = {form for value in values if len(value) >= _SHORTEST for form in _forms(value)}
        ordered = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def __call__(self, text: str) -> str:
        """Return ``text`` without the secrets, also those of the process, such as the tokens of an account."""
        return scrubber.scrub(text if self._pattern is None else self._pattern.sub(MASK, text))


def _forms(value: str) -> Iterator[str]:
    yield value
    yield quote(value, safe="")
    yield quote(value)
    yield quote_plus(value)
    yield json.dumps(value)[1:-1]
    yield repr(value)[1:-1]


def secrets_of(value: object) -> Iterator[str]:
    """Yield every secret in a configuration, also in nested models and collections."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, SecretBytes):
        yield value.get_secret_value().decode("utf-8", "replace")
    elif isinstance(value, BaseModel):
        for _, item in value:
            yield from secrets_of(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from secrets_of(item)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from secrets_of(item)


def secrets_in(model: type[ExtensionConfig], data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the secrets in data that are not validated yet, by the fields of ``model`` that are declared secret.

    Where nested models hold secrets, every text below such a field counts.
    """
    schema = config_schema(model)
    nested = _MARK in json.dumps(schema.get("$defs", {}))
    secret = {
        name
        for name, field in schema.get("properties", {}).items()
        if field.get(_MARK) or (nested and "$ref" in json.dumps(field))
    }
    return tuple(text for name in secret for text in _strings(data.get(name)))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from _strings(item)
    else:
        yield from secrets_of(value)


def secrets_of_url(url: str) -> Iterator[str]:
    """Yield what is secret in a destination's URL: its password, its query values and, after a host, its last part."""
    try:
        parts = urlsplit(url.replace("#", "%23"))
    except ValueError:  # brackets that do not fit
        yield url
        return
    if parts.netloc:
        yield parts.path.rpartition("/")[2]
        yield unquote(parts.path.rpartition("/")[2])
        yield unquote(parts.netloc.rpartition("@")[0].partition(":")[2])
    for _, value in parse_qsl(parts.query):
        yield value
