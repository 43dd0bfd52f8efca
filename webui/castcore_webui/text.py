"""Sentences in templates, from the catalogues that the API serves too."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from markupsafe import Markup, escape

from castcore_core.i18n import Text, catalogue, translate
from castcore_core.plugins.host import PluginHost
from castcore_webui.figure import Figures

NAMESPACE = "web"
_UNKNOWN = re.compile(r"\{\{\s*\w+\s*\}\}")


def speaker(language: str) -> Callable[..., str]:
    """Return ``t(name, **params)``: the message of ``web.NAME``."""

    figures = Figures(language)

    def t(name: str, /, **params: object) -> str:
        return translate(f"{NAMESPACE}.{name}", figures.within(params), language=language).message

    return t


def teller(language: str, host: PluginHost | None) -> Callable[[Mapping[str, Any]], Text]:
    """Return ``tell(error)``: message, cause and remedy of anything with ``code`` and ``params``, plugins' too.

    What a sentence would name and nobody knows here is an ellipsis, as in the scripts.
    """
    figures = Figures(language)

    def tell(error: Mapping[str, Any]) -> Text:
        code = str(error["code"])
        extra = host.texts(language) if host and code not in catalogue(language) else None
        text = translate(code, figures.within(error.get("params") or {}), language=language, extra=extra)
        return Text(*(_UNKNOWN.sub("…", part) for part in (text.message, text.cause, text.remedy)))

    return tell


@cache
def page_texts(language: str) -> dict[str, str]:
    """Return what the scripts say by themselves: the messages of the namespace ``web``."""
    prefix = f"{NAMESPACE}."
    found = catalogue(language)
    return {code.removeprefix(prefix): text["message"] for code, text in found.items() if code.startswith(prefix)}


def quoted(text: str) -> Markup:
    """Return ``text`` with what stands in backticks as code."""
    parts = text.replace("``", "`").split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )
