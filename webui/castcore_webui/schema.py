"""Schemas of plugins in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from castcore_core.plugins.host import PluginHost
from castcore_webui.text import page_texts


def localized(types: Iterable[dict[str, Any]], language: str, host: PluginHost | None) -> list[dict[str, Any]]:
    """Return types that are called, and whose fields are called and described, as their plugins' catalogues do.

    The name of the type ``nfs.mounted`` stands under that code, the one of ``smb``, of the plugin ``smb``, under
    ``smb.smb``; what it is for stands under ``smb.type_smb``. Its field ``share`` is called ``smb.field_share`` and
    described by ``smb.hint_share``; what a catalogue lacks stays as the schema has it, in English.
    """
    texts = host.texts(language) if host is not None else {}
    return [
        {
            **each,
            "name": texts.get(_code(each["id"], each["plugin"]), {}).get("message"),
            "config_schema": _spoken(each["config_schema"], each["id"], each["plugin"], texts),
        }
        for each in types
    ]


def _code(type_id: str, plugin: str) -> str:
    return type_id if type_id.startswith(f"{plugin}.") else f"{plugin}.{type_id}"


def type_names(language: str, host: PluginHost | None) -> Callable[[str], str]:
    """Return ``name(id)``: how a type is called, by the pages or by its plugin, else its id."""
    texts, own = host.texts(language) if host is not None else {}, page_texts(language)

    def name(type_id: str) -> str:
        code = type_id if "." in type_id else f"{type_id}.{type_id}"
        return own.get(f"typename_{type_id}") or texts.get(code, {}).get("message") or type_id

    return name


def _spoken(schema: dict[str, Any], type_id: str, plugin: str, texts: Any) -> dict[str, Any]:
    properties = {}
    for name, found in schema.get("properties", {}).items():
        title, hint = (texts.get(f"{plugin}.{kind}_{name}", {}).get("message") for kind in ("field", "hint"))
        properties[name] = {**found, **({"title": title} if title else {}), **({"description": hint} if hint else {})}
    told = texts.get(f"{plugin}.type_{type_id.removeprefix(f'{plugin}.')}", {}).get("message")
    return {**schema, "properties": properties, **({"description": told} if told else {})}
