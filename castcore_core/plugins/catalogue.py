"""The texts that plugins bring along, read from their files without importing them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from castcore_core.i18n import LANGUAGES

Texts = Mapping[str, Mapping[str, str]]
"""Code → ``message`` and, where it helps, ``cause`` and ``remedy``."""

_PARTS = {"message", "cause", "remedy"}
_VALUE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_LARGEST = 1 << 20


def plugin_texts(folder: Path, plugin: str, language: str) -> Texts:
    """Return ``locales/LANGUAGE.json`` of a plugin's package: ``name`` stands for the code ``PLUGIN.name``.

    Empty where there is none. Raises ValueError for a file that is no catalogue.
    """
    file = folder / "locales" / f"{language}.json"
    try:
        with file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except OSError:
        return {}
    value = json.loads(data) if len(data) <= _LARGEST else None
    if not isinstance(value, dict):
        raise ValueError("no object, or larger than 1 MiB")
    for name, texts in value.items():
        correct = isinstance(texts, dict) and texts.get("message") and set(texts) <= _PARTS
        if not correct or not all(isinstance(text, str) for text in texts.values()):
            raise ValueError(f"{name}: message, cause and remedy are texts, and message is one of them")
    return {f"{plugin}.{name}": texts for name, texts in value.items()}


def merged(folders: Iterable[tuple[str, Path]], language: str) -> dict[str, Mapping[str, str]]:
    """Return the texts of several plugins for `castcore_core.i18n.translate`; a broken file counts as empty.

    A plugin's codes begin with its id, so no plugin can speak for another one or for the core.
    """
    texts: dict[str, Mapping[str, str]] = {}
    for plugin, folder in folders:
        try:
            texts.update(plugin_texts(folder, plugin, language))
        except ValueError:
            continue  # `castcore plugin check` says what is wrong with it
    return texts


def problems(folder: Path, plugin: str) -> Iterator[tuple[str, str]]:
    """Yield language and description of everything that is missing or does not fit in a plugin's texts."""
    all_texts: dict[str, Texts] = {}
    for language in LANGUAGES:
        try:
            all_texts[language] = plugin_texts(folder, plugin, language)
        except ValueError as error:
            yield language, str(error)
            return
    codes = set().union(*all_texts.values()) | set(used_codes(folder, plugin))
    for language, texts in all_texts.items():
        for code in sorted(codes - set(texts)):
            yield language, code
        for code in sorted(set(texts) & set(all_texts["en"])):
            if _values(texts[code]) != _values(all_texts["en"][code]):
                yield language, f"{code}: values differ from English"


def used_codes(folder: Path, plugin: str) -> Iterator[str]:
    """Yield the codes of the plugin that stand as literals in its source files."""
    code = re.compile(rf"{re.escape(plugin)}\.[a-z](?:[a-z0-9_]*[a-z0-9])?")  # an underscore at its end: half a code
    for file in sorted(folder.rglob("*.py") if folder.is_dir() else ()):
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue  # the import trial tells of it
        parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or id(node) in parts or not code.fullmatch(str(node.value)):
                continue
            if not (folder / "templates" / str(node.value)).is_file():  # a plugin notes has a template notes.html
                yield str(node.value)


def _values(texts: Mapping[str, str]) -> set[str]:
    return set(_VALUE.findall(" ".join(texts.values())))
