"""Schemas of plugins in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from castcore_core.plugins.catalogue import Texts
from castcore_core.plugins.host import PluginHost
from castcore_webui.text import page_texts


def localized(types: Iterable[dict[str, Any]], language: str, host: PluginHost | None) -> list[dict[str, Any]]:
    """Return types that are called, and whose fields are called and described, as their plugins' catalogues do.

    The name of the type ``nfs.mounted`` stands under that code, the one of ``smb``, of the plugin ``smb``, under
    ``smb.smb``; what it is for stands under ``smb.type_smb``. Its field ``share`` is called ``smb.field_share`` and
    described by ``smb.hint_share``, its choice ``A`` is called ``smb.option_share_a``; what a catalogue lacks stays as
    the schema has it, in English.
    """
    texts: Texts = host.texts(language) if host is not None else {}
    return [
        {
            **each,
            "name": _message(texts, _code(each["id"], each["plugin"])),
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
        return own.get(f"typename_{type_id}") or _message(texts, code) or type_id

    return name


def _message(texts: Texts, code: str) -> str | None:
    return texts.get(code, {}).get("message")


def _spoken(schema: dict[str, Any], type_id: str, plugin: str, texts: Texts) -> dict[str, Any]:
    properties = {
        name: found | _words(name, found, plugin, texts) for name, found in schema.get("properties", {}).items()
    }
    told = _message(texts, f"{plugin}.type_{type_id.removeprefix(f'{plugin}.')}")
    return {**schema, "properties": properties, **({"description": told} if told else {})}


def _words(name: str, found: dict[str, Any], plugin: str, texts: Texts) -> dict[str, Any]:
    """Return what a catalogue says of a setting, under the names that a schema and our forms have for it."""
    choices = {str(each): _message(texts, f"{plugin}.option_{name}_{each}".lower()) for each in found.get("enum", ())}
    words = {
        "title": _message(texts, f"{plugin}.field_{name}"),
        "description": _message(texts, f"{plugin}.hint_{name}"),
        "x-castcore-names": {value: text for value, text in choices.items() if text},
    }
    return {key: value for key, value in words.items() if value}
