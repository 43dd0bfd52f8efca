"""What a review looks at."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import Distribution
from pathlib import Path

from castcore_core.plugins.discovery import Manifest
from castcore_sdk import CheckResult, Params, Severity

_LARGEST = 1 << 20


@dataclass(frozen=True)
class Material:
    """One plugin: its package (or module) ``folder``, its metadata, and its project folder where there is one."""

    manifest: Manifest
    folder: Path
    about: Distribution | None
    project: Path | None

    @property
    def root(self) -> Path:
        """Return the folder that file names are shown from."""
        return self.project or self.folder.parent

    @cached_property
    def modules(self) -> Mapping[Path, ast.Module]:
        """Return the package's modules that can be parsed; the trial tells of the others."""
        files = [self.folder] if self.folder.is_file() else sorted(self.folder.rglob("*.py"))
        return dict(_parsed(files))

    @cached_property
    def tests(self) -> Mapping[Path, ast.Module]:
        """Return the project's test modules."""
        return dict(_parsed(sorted((self.project / "tests").rglob("test*.py")))) if self.project else {}

    @property
    def readme(self) -> str:
        """Return the description of the distribution; empty where there is none."""
        for name in ("README.md", "README.rst", "README.txt", "README"):
            if self.project and (self.project / name).is_file():
                return (self.project / name).read_text("utf-8", "replace")[:_LARGEST]
        text = self.about.metadata.get_payload() if self.about else ""  # type: ignore[attr-defined]
        return str(text or "")

    def fields(self, name: str) -> tuple[str, ...]:
        """Return the values of a metadata field."""
        return tuple(map(str, self.about.metadata.get_all(name) or ())) if self.about else ()

    def finding(
        self, code: str, severity: Severity, file: Path | None = None, line: int = 0, **params: str
    ) -> CheckResult:
        """Return a finding; with ``file`` it says where."""
        place: Params = {}
        if file is not None:
            shown = file.relative_to(self.root) if file.is_relative_to(self.root) else file
            place = {"file": str(shown), "line": line}
        return CheckResult(code=code, severity=severity, params={**place, **params})


def _parsed(files: list[Path]) -> Iterator[tuple[Path, ast.Module]]:
    for file in files:
        try:
            if file.stat().st_size <= _LARGEST:
                yield file, ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue
