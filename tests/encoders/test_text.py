"""The texts of the encoder plugins: every code in both languages, in the same shape."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"


def _texts(name: str, language: str) -> dict[str, dict[str, str]]:
    file = PLUGINS / f"castcore-{name}/castcore_{name}/locales/{language}.json"
    return dict(json.loads(file.read_text(encoding="utf-8")))


def _values(texts: dict[str, str]) -> set[str]:
    return set(re.findall(r"\{\{(\w+)\}\}", " ".join(texts.values())))


@pytest.mark.parametrize("name", ["nvenc", "vaapi"])
def test_both_languages_say_the_same(name: str) -> None:
    english, german = _texts(name, "en"), _texts(name, "de")
    assert list(english) == list(german) == sorted(english)
    for code, texts in english.items():
        assert set(texts) == set(german[code])
        assert _values(texts) == _values(german[code]), code


@pytest.mark.parametrize("name", ["nvenc", "vaapi"])
def test_every_code_in_the_sources_has_a_text_and_the_other_way_round(name: str) -> None:
    literals = {
        node.value.removeprefix(f"{name}.")
        for source in (PLUGINS / f"castcore-{name}/castcore_{name}").glob("*.py")
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(rf"{name}\.\w+", node.value)
    }
    assert literals == set(_texts(name, "en"))
