"""Run a project's own tests, the conformance suite among them."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from castcore_core.plugins.review.material import Material
from castcore_sdk import CheckResult, Severity

LIMIT = 300.0
"""Seconds for all tests of a plugin."""
_PASSED_ON = (
    *("HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "TZ"),
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD",
)
_SHOWN = 10


def has_suite(material: Material) -> bool:
    """Tell whether a test class inherits a conformance suite."""
    return any(
        isinstance(node, ast.ClassDef) and any(_base(base).endswith("Conformance") for base in node.bases)
        for tree in material.tests.values()
        for node in ast.walk(tree)
    )


def suite_findings(material: Material, *, limit: float = LIMIT) -> Iterator[CheckResult]:
    """Yield ``plugins.suite_passed`` or ``plugins.suite_failed`` for each test that fails.

    Where there is nothing to run: ``plugins.suite_missing``, ``plugins.suite_impossible``, ``plugins.suite_timeout``.
    """
    if not has_suite(material):
        yield material.finding("plugins.suite_missing", Severity.WARNING)
    if material.project is None or not material.tests:
        return
    if find_spec("pytest") is None:
        yield material.finding("plugins.suite_impossible", Severity.WARNING)
        return
    with tempfile.TemporaryDirectory(prefix="castcore-suite-") as folder:
        report = Path(folder) / "report.xml"
        output = _run(material.project, report, limit)
        if output is None:
            yield material.finding("plugins.suite_timeout", Severity.ERROR, seconds=str(round(limit)))
        elif report.is_file():
            yield from _read(material, report)
        else:
            reason = output.strip().splitlines()[-1][:300] if output.strip() else "?"
            yield material.finding(
                "plugins.suite_failed", Severity.ERROR, material.project / "tests", 0, test="", reason=reason
            )


def _run(project: Path, report: Path, limit: float) -> str | None:
    """Return what pytest printed, None where it had to be ended."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    source = project / "src" if (project / "src").is_dir() else project
    environment |= {"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", "-o", "junit_family=xunit1"]
    process = subprocess.Popen(
        [sys.executable, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=project,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None
    return output.decode("utf-8", "replace")


def _read(material: Material, report: Path) -> Iterator[CheckResult]:
    root = ElementTree.parse(report).getroot()  # noqa: S314  written by pytest a moment ago
    cases = list(root.iter("testcase"))
    failed = [(case, problem) for case in cases for problem in (*case.findall("failure"), *case.findall("error"))]
    for case, problem in failed[:_SHOWN]:
        file = (material.project or material.root) / case.get("file", "tests")
        reason = (problem.get("message") or "").partition("\n")[0][:300]
        line = int(case.get("line", "0")) + 1
        yield material.finding(
            "plugins.suite_failed", Severity.ERROR, file, line, test=case.get("name", "?"), reason=reason
        )
    if not failed:
        skipped = sum(1 for case in cases if case.find("skipped") is not None)
        passed = str(len(cases) - skipped)
        yield material.finding("plugins.suite_passed", Severity.OK, count=passed, skipped=str(skipped))


def _base(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
