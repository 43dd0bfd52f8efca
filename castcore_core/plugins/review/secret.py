"""Findings of secrets that stand in a plugin's files."""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator

from castcore_core.plugins.review.material import Material
from castcore_sdk import CheckResult, Severity

_SHAPES = {
    "AWS": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "Google": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b|\bGOCSPX-[0-9A-Za-z_-]{20,}"),
    "GitHub": re.compile(r"\bgh[pousr]_[0-9A-Za-z]{36,}\b"),
    "Slack": re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{10,}"),
    "JWT": re.compile(r"\beyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}"),
    "PEM": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "URL": re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@{}<>\"']+:(?=[^@]*\d)(?=[^@]*[a-z])[^\s/:@{}<>\"'$%]{6,}@[^\s/]"),
}
"""Kinds of secrets that show by their form."""
_NAMES = re.compile(
    r"(?:^|_)(?:secret|token|password|passwd|passphrase|api_?key|access_?key|private_?key|stream_?key)$"
)
_VALUE = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9+/_=.-]{16,}")
_LEAST_ENTROPY = 3.0
"""Bits per character; words and placeholders have less."""
_TEXTS = (".json", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".txt", ".md", ".html", ".env")
_LARGEST = 1 << 20


def secret_findings(material: Material) -> Iterator[CheckResult]:
    """Yield findings ``plugins.code_secret``; they name the kind and the place, never the value."""
    for file, tree in material.modules.items():
        for node in ast.walk(tree):
            value = node.value if isinstance(node, ast.Constant) else None
            if isinstance(value, (str, bytes)) and (kind := shape(value)):
                yield material.finding(
                    "plugins.code_secret", Severity.ERROR, file, getattr(node, "lineno", 0), kind=kind
                )
            for name, given in _named(node):
                if _NAMES.search(name.lower()) and isinstance(given, ast.Constant) and _is_random(given.value):
                    yield material.finding("plugins.code_secret", Severity.ERROR, file, given.lineno, kind=name)
    for file in sorted(material.folder.rglob("*") if material.folder.is_dir() else ()):
        if file.suffix in _TEXTS and file.is_file() and file.stat().st_size <= _LARGEST:
            for number, line in enumerate(file.read_text("utf-8", "replace").splitlines(), start=1):
                if kind := shape(line):
                    yield material.finding("plugins.code_secret", Severity.ERROR, file, number, kind=kind)


def shape(value: str | bytes) -> str:
    """Return which kind of secret stands in ``value``; empty where none does."""
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return next((kind for kind, pattern in _SHAPES.items() if pattern.search(text)), "")


def _named(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the names that get a value here: variables, attributes, keywords, defaults and keys."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield _name(target), node.value
    elif isinstance(node, ast.AnnAssign):
        yield _name(node.target), node.value
    elif isinstance(node, ast.keyword):
        yield node.arg or "", node.value
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield (str(key.value) if isinstance(key, ast.Constant) else ""), value
    elif isinstance(node, ast.arguments):
        positional = [*node.posonlyargs, *node.args]
        yield from ((arg.arg, value) for arg, value in zip(reversed(positional), reversed(node.defaults), strict=False))
        yield from ((arg.arg, value) for arg, value in zip(node.kwonlyargs, node.kw_defaults, strict=True))


def _name(target: ast.expr) -> str:
    if isinstance(target, ast.Attribute):
        return target.attr
    return target.id if isinstance(target, ast.Name) else ""


def _is_random(value: object) -> bool:
    if not isinstance(value, str) or not _VALUE.fullmatch(value):
        return False
    counts = Counter(value).values()
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts) >= _LEAST_ENTROPY
