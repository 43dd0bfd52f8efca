"""Take the secrets out of a configuration, put them back, and show where they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic_core import to_jsonable_python

from castcore_core.secrets import KeyRing, mask, scrubber

MASK = "••••"
"""What every masked secret begins with."""

Path = tuple[str | int, ...]
Secrets = dict[Path, str]


def split(config: BaseModel) -> tuple[dict[str, Any], Secrets]:
    """Return what a user has set without its secrets, and these by their place. Defaults are left out."""
    secrets: Secrets = {}
    public = _without(config.model_dump(mode="python", exclude_unset=True), (), secrets)
    return to_jsonable_python(public), secrets


def join(public: dict[str, Any], secrets: Secrets) -> dict[str, Any]:
    """Return the configuration as it was before :func:`split`."""
    return _put(public, secrets, lambda value: value)


def masked(public: dict[str, Any], secrets: Secrets) -> dict[str, Any]:
    """Return the configuration to show: each secret as ``••••1234``."""
    return _put(public, secrets, mask)


def merge(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``before`` with what is ``given``, objects field by field; null clears (as RFC 7396)."""
    merged = dict(before)
    for key, value in given.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def lock(ring: KeyRing, place: str, secrets: Secrets) -> str | None:
    """Return the secrets locked for ``place``, None where there are none. They are scrubbed from now on."""
    for value in secrets.values():
        scrubber.add(value)
    if not secrets:
        return None
    text = json.dumps([[list(path), value] for path, value in secrets.items()], ensure_ascii=False)
    return ring.lock(text, place)


def unlock(ring: KeyRing, place: str, locked: str | None) -> Secrets:
    """Return the secrets. Raises PermanentError ``secrets.unreadable``."""
    if locked is None:
        return {}
    secrets = {tuple(path): value for path, value in json.loads(ring.unlock(locked, place, remember=False))}
    for value in secrets.values():
        scrubber.add(value)
    return secrets


def _without(value: Any, path: Path, secrets: Secrets) -> Any:
    if isinstance(value, SecretStr | SecretBytes):
        opened = value.get_secret_value()
        secrets[path] = opened if isinstance(opened, str) else opened.decode("utf-8", "replace")
        return None
    if isinstance(value, dict):
        kept = ((str(key), item) for key, item in value.items())
        return dict(_members(kept, path, secrets))
    if isinstance(value, list | tuple | set | frozenset):
        return [_without(item, (*path, number), secrets) for number, item in enumerate(value)]
    return value


def _members(items: Iterator[tuple[str, Any]], path: Path, secrets: Secrets) -> Iterator[tuple[str, Any]]:
    for key, item in items:
        if not isinstance(item, SecretStr | SecretBytes):
            yield key, _without(item, (*path, key), secrets)
        else:
            _without(item, (*path, key), secrets)


def _put(public: dict[str, Any], secrets: Secrets, shown: Callable[[str], str]) -> dict[str, Any]:
    whole = deepcopy(public)
    for path, value in secrets.items():
        place: Any = whole
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = shown(value)
    return whole
