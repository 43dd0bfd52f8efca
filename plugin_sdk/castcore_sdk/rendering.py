"""How a page's template becomes HTML: the same in core and in the conformance suite. Needs jinja2, as core does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

LARGEST = 1 << 20
"""Characters of HTML that a template may make."""

_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def render(
    folder: Path, template: str, values: Mapping[str, Any], *, plugin: str, locale: str, texts: Mapping[str, Any]
) -> str:
    """Return the HTML of ``folder/templates/TEMPLATE``, sandboxed and with every value escaped.

    Besides ``values`` a template has ``t(name, **params)`` (a text of the plugin's catalogue; ``texts`` is
    code → texts), ``url(path)`` (the address of a page of the plugin) and ``locale``. Raises what jinja2 raises, a
    name that is not defined included, and ValueError for more than ``LARGEST`` characters.
    """
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(t=_speaker(plugin, texts), url=_address(plugin), locale=locale)
    parts: list[str] = []
    size = 0
    for part in environment.get_template(template).generate(dict(values)):
        size += len(part)
        if size > LARGEST:
            raise ValueError(f"{template}: more than {LARGEST} characters")
        parts.append(part)
    return "".join(parts)


def _speaker(plugin: str, texts: Mapping[str, Any]) -> Callable[..., str]:
    def t(name: str, /, **params: object) -> str:
        text = str(texts.get(f"{plugin}.{name}", {}).get("message", f"{plugin}.{name}"))
        return _PLACE.sub(lambda match: str(params.get(match[1], match[0])), text)

    return t


def _address(plugin: str) -> Callable[[str], str]:
    def url(path: str = "") -> str:
        return f"/plugins/{plugin}/{path.lstrip('/')}"

    return url
