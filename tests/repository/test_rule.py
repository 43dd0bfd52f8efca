"""The rules of the house that a machine can check."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from castcore_core.i18n import LANGUAGES, catalogue

ROOT = Path(__file__).parents[2]
TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    if name
]
TRACKED = [path for path in TRACKED if path.is_file()]
PRODUCT = [
    path
    for path in TRACKED
    if path.suffix == ".py"
    and path.relative_to(ROOT).parts[0] in ("castcore_core", "plugin_sdk", "plugins", "webui")
    and "tests" not in path.parts
]
_CODE = re.compile(r"^[a-z][a-z0-9_]*\.[a-z0-9_]+$")


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_modules_are_small() -> None:
    sizes = {path: _lines(path) for path in PRODUCT}
    assert {str(path.relative_to(ROOT)): size for path, size in sizes.items() if size > 500} == {}
    assert median(sizes.values()) <= 120


def test_top_level_folders_are_not_packages() -> None:
    for folder in ("plugins", "tests", "docs", "webui", "plugin_sdk"):
        assert not (ROOT / folder / "__init__.py").exists()


def test_plugins_do_not_import_the_core() -> None:
    for path in PRODUCT:
        if path.relative_to(ROOT).parts[0] in ("plugins", "plugin_sdk"):
            assert not re.search(r"^\s*(from|import) castcore_core", path.read_text(encoding="utf-8"), re.M), path


def _imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return found | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def test_the_data_plane_is_standard_library_only() -> None:
    import sys

    pure = ("castcore_core.ffmpeg.progress", "castcore_core.ffmpeg.diagnosis")
    allowed = ("castcore_core.runner", "castcore_core.rtmp", *pure)
    modules = [path for path in PRODUCT if path.parent.name in ("runner", "rtmp", "egress")]
    modules += [ROOT / "castcore_core/ffmpeg" / name for name in ("progress.py", "diagnosis.py")]
    for path in modules:
        for name in _imports(path):
            known = name.partition(".")[0] in sys.stdlib_module_names or name.startswith(allowed)
            assert known, f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_has_a_message_and_the_same_values_in_each_language(language: str) -> None:
    english, other = catalogue("en"), catalogue(language)
    assert set(english) == set(other)
    for code, texts in other.items():
        assert texts.get("message", "").strip(), code
        assert set(texts) <= {"message", "cause", "remedy"}, code
        assert set(texts) == set(english[code]), code
        values = set(re.findall(r"\{\{\s*(\w+)", " ".join(texts.values())))
        assert values == set(re.findall(r"\{\{\s*(\w+)", " ".join(english[code].values()))), code


def _raised_codes(path: Path) -> Iterator[str]:
    """Yield the codes that stand as the first argument of an error or a problem."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        value = node.args[0].value
        raised = called.endswith(("Error", "error", "Problem", "Reason", "fail", "show_problem"))
        if raised and isinstance(value, str) and _CODE.match(value):
            yield value


def test_every_code_in_the_source_is_in_the_catalogue() -> None:
    codes = catalogue("en")
    namespaces = {code.partition(".")[0] for code in codes}
    missing = set()
    for path in PRODUCT:
        if path.relative_to(ROOT).parts[0] != "castcore_core":
            continue
        for code in _raised_codes(path):
            if code.partition(".")[0] in namespaces and code not in codes:
                missing.add((code, str(path.relative_to(ROOT))))
    assert missing == set()


def test_catalogue_files_are_sorted_json() -> None:
    for path in (ROOT / "castcore_core/locales").rglob("*.json"):
        names = list(json.loads(path.read_text(encoding="utf-8")))
        assert names == sorted(names), path


def test_no_commit_names_an_address_of_a_package_registry() -> None:
    words = ("files.pythonhosted", "pypi" + ".org", "registry." + "npmjs", "deb." + "debian")
    for path in TRACKED:
        if path.suffix in (".ttf", ".png"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for word in words:
            assert word not in text or path == Path(__file__), f"{path}: {word}"


def test_distributions_share_one_licence() -> None:
    for path in TRACKED:
        if path.name == "pyproject.toml":
            assert tomllib.loads(path.read_text())["project"]["license"] == "Apache-2.0", path
