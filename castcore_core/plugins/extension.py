"""Check what a registration hook returned before anything relies on it."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from castcore_core.plugins.offer import is_extension_id
from castcore_core.plugins.state import Reason
from castcore_sdk import ExtensionConfig, OAuthProvider, Page, SupportsOAuth, SupportsStatus, config_schema

_PAGE_PATH = re.compile(r"/?[A-Za-z0-9_./<>:-]{0,200}")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,31}")
_MOST_PARALLEL = 256
_SECRET_NAMES = frozenset({"key", "token", "secret", "password", "passphrase"})
"""Last words of the names of settings that have to be secret, as in the conformance suite."""
_ENDPOINT_NAMES = frozenset({"endpoint", "host", "hostname", "port", "server", "uri", "url"})
"""Last words of the names of settings that say where secrets go."""


def type_faults(item: object, base: type) -> Iterator[Reason]:
    """Yield why ``item`` is no usable subclass of ``base``; the plugin's own code may raise through this."""
    if not (isinstance(item, type) and issubclass(item, base) and item is not base):
        shown = item.__qualname__ if isinstance(item, type) else type(item).__name__
        yield Reason("plugins.extension_type", {"item": shown, "expected": base.__name__})
        return
    name = item.__qualname__
    if not is_extension_id(getattr(item, "id", None)):
        yield Reason("plugins.extension_id", {"item": name})
    if inspect.isabstract(item):
        missing = ", ".join(sorted(getattr(item, "__abstractmethods__", ())))
        yield Reason("plugins.extension_abstract", {"item": name, "methods": missing})
    yield from _config_faults(item)
    for attribute in _wrong_attributes(item):
        yield Reason("plugins.extension_attribute", {"item": name, "attribute": attribute})


def _config_faults(item: Any) -> Iterator[Reason]:
    model = getattr(item, "config_model", None)
    if not (isinstance(model, type) and issubclass(model, ExtensionConfig)):
        yield Reason("plugins.config_model", {"item": item.__qualname__})
        return
    try:
        json.dumps(config_schema(model), allow_nan=False)
    except Exception as error:
        yield Reason("plugins.config_schema", {"item": item.__qualname__}, f"{type(error).__name__}: {error}")


def config_notes(item: Any) -> Iterator[Reason]:
    """Yield what the form of a sound extension lacks, with file and line of its configuration class."""
    model = getattr(item, "config_model", None)
    if not (isinstance(model, type) and issubclass(model, ExtensionConfig)):
        return  # a page
    place: dict[str, str | int] = {"file": inspect.getsourcefile(model) or "", "line": inspect.getsourcelines(model)[1]}
    schema = config_schema(model)
    parts = [part.get("properties", {}) for part in (schema, *schema.get("$defs", {}).values())]
    secret = any(field.get("x-castcore-secret") for part in parts for field in part.values())
    for part in parts:
        for name, field in part.items():
            if not str(field.get("description", "")).strip():
                yield Reason("plugins.setting_bare", {**place, "field": name})
            if name.rpartition("_")[2] in _SECRET_NAMES and _is_text(field) and not field.get("x-castcore-secret"):
                yield Reason("plugins.setting_plain", {**place, "field": name})
            if secret and name.rpartition("_")[2] in _ENDPOINT_NAMES and not field.get("x-castcore-endpoint"):
                yield Reason("plugins.setting_endpoint", {**place, "field": name})


def _is_text(field: Mapping[str, Any]) -> bool:
    return any(option.get("type") == "string" for option in (field, *field.get("anyOf", ())))


def _wrong_attributes(item: Any) -> Iterator[str]:
    parallel = item.max_parallel
    if not (isinstance(parallel, int) and 1 <= parallel <= _MOST_PARALLEL):
        yield "max_parallel"
    limits = item.timeouts
    if not isinstance(limits, Mapping) or not all(
        isinstance(name, str) and isinstance(limit, timedelta) and limit > timedelta(0)
        for name, limit in limits.items()
    ):
        yield "timeouts"
    if not (isinstance(item.config_version, int) and item.config_version >= 1):
        yield "config_version"
    if issubclass(item, SupportsOAuth) and not isinstance(getattr(item, "oauth_provider", None), OAuthProvider):
        yield "oauth_provider"
    interval = item.status_interval if issubclass(item, SupportsStatus) else timedelta(seconds=1)
    if not (isinstance(interval, timedelta) and interval > timedelta(0)):
        yield "status_interval"
    schemes: object = getattr(item, "url_schemes", ())
    if not isinstance(schemes, (frozenset, set, tuple, list)) or not all(
        isinstance(scheme, str) and _SCHEME.fullmatch(scheme) for scheme in schemes
    ):
        yield "url_schemes"


def _can_be_routed(path: str) -> bool:
    from werkzeug.routing import Map, Rule

    try:
        Map([Rule(f"/{path.strip('/')}")])
    except (LookupError, ValueError):
        return False
    return True


def page_faults(item: object) -> Iterator[Reason]:
    """Yield why ``item`` is no usable `Page`."""
    if not isinstance(item, Page):
        yield Reason("plugins.extension_type", {"item": type(item).__name__, "expected": "Page"})
        return
    path = item.path
    if not (isinstance(path, str) and _PAGE_PATH.fullmatch(path)) or ".." in path or not _can_be_routed(path):
        yield Reason("plugins.extension_attribute", {"item": "Page", "attribute": "path"})
    if not inspect.iscoroutinefunction(item.handler):
        yield Reason("plugins.extension_attribute", {"item": "Page", "attribute": "handler"})
    if item.role not in ("viewer", "operator", "admin"):
        yield Reason("plugins.extension_attribute", {"item": "Page", "attribute": "role"})
    if not item.methods or not set(item.methods) <= {"GET", "POST"}:
        yield Reason("plugins.extension_attribute", {"item": "Page", "attribute": "methods"})
