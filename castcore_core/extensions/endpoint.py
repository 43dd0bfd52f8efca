"""Secrets go only where they were meant to: whoever changes where a configuration connects to gives them again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from castcore_core.error import InvalidError
from castcore_core.extensions.secret import Path, split
from castcore_sdk import config_schema


def require_secrets(before: BaseModel | None, after: BaseModel, given: Mapping[str, Any]) -> None:
    """Raise InvalidError ``secret_again`` at every secret that would go to another place without having been given.

    ``before`` is None where the configuration that is kept can no longer be read; ``given`` is what was changed.
    """
    if before is not None and dict(endpoints(before)) == dict(endpoints(after)):
        return
    kept = [path for path in split(after)[1] if not _is_in(path, given)]
    if kept:
        raise InvalidError([{"path": ["config", *path], "type": "secret_again"} for path in kept])


def endpoints(config: object, place: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield place and value of everything that says where a connection goes (`castcore_sdk.Endpoint`)."""
    if isinstance(config, BaseModel):
        fields = _fields(type(config))
        for name, value in config:
            if fields.get(name, {}).get("x-castcore-endpoint"):
                yield (*place, name), value
            else:
                yield from endpoints(value, (*place, name))
    elif isinstance(config, Mapping):
        for key, value in config.items():
            yield from endpoints(value, (*place, str(key)))
    elif isinstance(config, (list, tuple)):
        for number, value in enumerate(config):
            yield from endpoints(value, (*place, number))


def _fields(model: type[BaseModel]) -> Mapping[str, Any]:
    schema = config_schema(model)
    if "$ref" in schema:  # a model that holds others of its kind
        schema = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    properties: Mapping[str, Any] = schema.get("properties", {})
    return properties


def _is_in(path: Path, given: Any) -> bool:
    """Tell whether the value at ``path`` is one of the ``given``: a list is given as a whole."""
    for part in path:
        if not isinstance(given, Mapping):
            return True
        if part not in given:
            return False
        given = given[part]
    return True
