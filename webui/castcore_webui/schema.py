"""Schemas of plugins in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from castcore_core.plugins.host import PluginHost


def localized(types: Iterable[dict[str, Any]], language: str, host: PluginHost | None) -> list[dict[str, Any]]:
    """Return types whose fields are called and described as their plugins' catalogues do.

    A field ``share`` of the plugin ``smb`` is called ``smb.field_share`` and described by ``smb.hint_share``; what a
    catalogue lacks stays as the schema has it, in English.
    """
    texts = host.texts(language) if host is not None else {}
    return [{**each, "config_schema": _spoken(each["config_schema"], each["plugin"], texts)} for each in types]


def _spoken(schema: dict[str, Any], plugin: str, texts: Any) -> dict[str, Any]:
    properties = {}
    for name, found in schema.get("properties", {}).items():
        title, hint = (texts.get(f"{plugin}.{kind}_{name}", {}).get("message") for kind in ("field", "hint"))
        properties[name] = {**found, **({"title": title} if title else {}), **({"description": hint} if hint else {})}
    return {**schema, "properties": properties} if properties else schema
