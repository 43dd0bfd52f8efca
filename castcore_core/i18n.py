"""Read the message catalogues and turn error codes into sentences.

A code is ``namespace.name``; its texts stand in ``locales/LANGUAGE/namespace.json`` under ``name``: an object with
``message`` and, where it helps, ``cause`` and ``remedy``. Values are put in for ``{{name}}`` as i18next does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LANGUAGES = ("en", "de")

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Text:
    """What a user reads for one code; ``cause`` and ``remedy`` are empty where the message says it all."""

    message: str
    cause: str = ""
    remedy: str = ""


@cache
def catalogue(language: str) -> Mapping[str, Mapping[str, str]]:
    """Return the core's catalogue for ``language``: code → texts. Raises KeyError for an unknown language."""
    if language not in LANGUAGES:
        raise KeyError(language)
    folder = files("castcore_core") / "locales" / language
    return {
        f"{entry.name.removesuffix('.json')}.{name}": texts
        for entry in folder.iterdir()
        if entry.name.endswith(".json")
        for name, texts in json.loads(entry.read_text(encoding="utf-8")).items()
    }


def translate(
    code: str,
    params: Mapping[str, object] | None = None,
    *,
    language: str = "en",
    extra: Mapping[str, Mapping[str, str]] | None = None,
) -> Text:
    """Return the texts of ``code`` in ``language``, then in English, else the code itself.

    ``extra`` is a plugin's catalogue, asked after the core's.
    """
    texts = catalogue(language).get(code) or (extra or {}).get(code) or catalogue("en").get(code)
    if texts is None:
        shown = ", ".join(f"{name}={value}" for name, value in (params or {}).items())
        return Text(message=f"{code} ({shown})" if shown else code)
    values = params or {}

    def fill(text: str) -> str:
        return _PLACEHOLDER.sub(lambda match: str(values.get(match[1], match[0])), text)

    return Text(*(fill(texts.get(part, "")) for part in ("message", "cause", "remedy")))
