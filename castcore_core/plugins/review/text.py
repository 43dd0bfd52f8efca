"""Findings in a plugin's catalogues beyond what is missing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from castcore_core.plugins.catalogue import plugin_texts
from castcore_core.plugins.offer import Offer
from castcore_core.plugins.review.material import Material
from castcore_core.plugins.review.quality import settings
from castcore_sdk import CheckResult, Severity

_IN_TEMPLATE = re.compile(r"""\bt\(\s*['"]([a-z0-9_]+)['"]""")


def text_findings(material: Material, offers: tuple[Offer, ...]) -> Iterator[CheckResult]:
    """Yield findings ``plugins.text_unused``: what stands in a catalogue and nowhere in the code."""
    try:
        texts = plugin_texts(material.folder, material.manifest.id, "en")
    except ValueError:
        return  # told as `plugins.text_missing`
    plugin = material.manifest.id
    named = {offer.id if offer.id.startswith(f"{plugin}.") else f"{plugin}.{offer.id}" for offer in offers}
    fields = {f"{kind}_{name}" for kind in ("field", "hint") for name in settings(material)}
    described = {f"type_{offer.id.removeprefix(f'{plugin}.')}" for offer in offers}
    used = _used(material) | named | fields | described
    dynamic = [*_patterns(material), *(re.compile(rf"{plugin}\.option_{name}_\w+") for name in settings(material))]
    for code in sorted(texts):
        name = code.removeprefix(f"{plugin}.")
        if not {code, name} & used and not any(pattern.fullmatch(code) for pattern in dynamic):
            file = material.folder / "locales" / "en.json"
            line = _line(file.read_text("utf-8"), name)
            yield material.finding("plugins.text_unused", Severity.WARNING, file, line, name=name)


def _used(material: Material) -> set[str]:
    found = {
        node.value
        for tree in material.modules.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for file in (material.folder / "templates").rglob("*"):
        if file.is_file():
            found |= set(_IN_TEMPLATE.findall(file.read_text("utf-8", "replace")))
    return found


def _patterns(material: Material) -> Iterator[re.Pattern[str]]:
    """Yield what codes look like that are put together: ``f"mytube.{reason}"``."""
    begin = f"{material.manifest.id}."
    for tree in material.modules.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and node.values:
                parts = [
                    re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"[a-z0-9_.]+"
                    for part in node.values
                ]
                first = node.values[0]
                if isinstance(first, ast.Constant) and str(first.value).startswith(begin):
                    yield re.compile("".join(parts))


def _line(text: str, name: str) -> int:
    return next((number for number, line in enumerate(text.splitlines(), 1) if f'"{name}"' in line), 1)
