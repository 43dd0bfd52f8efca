"""The quality scale: what a plugin keeps beyond working."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from castcore_core.plugins.catalogue import plugin_texts
from castcore_core.plugins.review.material import Material
from castcore_core.plugins.review.suite import has_suite
from castcore_sdk import CheckResult, Severity

LEVELS = ("bronze", "silver", "gold", "platinum")
_METADATA = ("plugins.licence_", "plugins.classifier_", "plugins.typing_", "plugins.readme_", "plugins.summary_")


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that a level asks for; ``plugins.quality_NAME`` says it in words."""

    level: str
    name: str
    met: Callable[[Material, Sequence[CheckResult]], bool]


def _no_error(material: Material, lines: Sequence[CheckResult]) -> bool:
    return all(line.severity is not Severity.ERROR for line in lines)


def _unwarned(*codes: str) -> Callable[[Material, Sequence[CheckResult]], bool]:
    """Return whether there is no warning whose code begins like this."""

    def met(material: Material, lines: Sequence[CheckResult]) -> bool:
        return not any(line.severity is Severity.WARNING and line.code.startswith(codes) for line in lines)

    return met


def _suite(material: Material, lines: Sequence[CheckResult]) -> bool:
    return has_suite(material) and any(line.code == "plugins.suite_passed" for line in lines)


def _settings_documented(material: Material, lines: Sequence[CheckResult]) -> bool:
    return all(f"`{name}`" in material.readme for name in settings(material))


def _problems_helped(material: Material, lines: Sequence[CheckResult]) -> bool:
    """Whatever is raised says what to do, or why."""
    try:
        texts = plugin_texts(material.folder, material.manifest.id, "en")
    except ValueError:
        return False
    raised = set(_raised(material))
    return all(texts[code].get("remedy") or texts[code].get("cause") for code in raised & texts.keys())


def _annotated(material: Material, lines: Sequence[CheckResult]) -> bool:
    functions = (
        node
        for tree in material.modules.values()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    return all(_is_annotated(function) for function in functions)


def _own_tests(material: Material, lines: Sequence[CheckResult]) -> bool:
    return any(
        isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test")
        for tree in material.tests.values()
        for node in ast.walk(tree)
    )


def _strict_tests(material: Material, lines: Sequence[CheckResult]) -> bool:
    if material.project is None:
        return False
    project = tomllib.loads((material.project / "pyproject.toml").read_text("utf-8"))
    filters = project.get("tool", {}).get("pytest", {}).get("ini_options", {}).get("filterwarnings", ())
    return "error" in filters


def _addresses(material: Material, lines: Sequence[CheckResult]) -> bool:
    return len({each.partition(",")[0].strip().lower() for each in material.fields("Project-URL")}) >= 2


CRITERIA = (
    Criterion("bronze", "no_error", _no_error),
    Criterion("silver", "metadata", _unwarned(*_METADATA)),
    Criterion("silver", "suite", _suite),
    Criterion("gold", "texts", _unwarned("plugins.text_unused")),
    Criterion("gold", "sdk_range", _unwarned("plugins.sdk_range_open")),
    Criterion("gold", "own_id", _unwarned("plugins.id_shadowed")),
    Criterion("gold", "settings", _settings_documented),
    Criterion("gold", "own_tests", _own_tests),
    Criterion("gold", "strict_tests", _strict_tests),
    Criterion("platinum", "remedies", _problems_helped),
    Criterion("platinum", "annotated", _annotated),
    Criterion("platinum", "addresses", _addresses),
)


def quality_lines(material: Material, lines: Sequence[CheckResult]) -> Iterator[CheckResult]:
    """Yield ``plugins.quality`` with the level that is reached, and a line for all that the next one asks for."""
    reached = "none"
    for level in LEVELS:
        missing = [each for each in CRITERIA if each.level == level and not each.met(material, lines)]
        if missing:
            yield material.finding("plugins.quality", Severity.OK, level=reached)
            for each in missing:
                yield material.finding(f"plugins.quality_{each.name}", Severity.WARNING, level=level)
            return
        reached = level
    yield material.finding("plugins.quality", Severity.OK, level=reached)


def settings(material: Material) -> Iterator[str]:
    """Yield the names of all settings, read from the classes that derive from one whose name ends with ``Config``."""
    for tree in material.modules.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("Config") for base in node.bases):
                for item in node.body:
                    if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                        yield item.target.id


def _raised(material: Material) -> Iterator[str]:
    for tree in material.modules.values():
        for node in ast.walk(tree):
            called = node.exc if isinstance(node, ast.Raise) else None
            if isinstance(called, ast.Call) and called.args and isinstance(called.args[0], ast.Constant):
                yield str(called.args[0].value)


def _is_annotated(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    bare = [each for each in every if each.annotation is None and each.arg not in ("self", "cls")]
    return function.returns is not None and not bare
