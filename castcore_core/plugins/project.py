"""Plugins that are not installed: a wheel, a source folder with a pyproject.toml, a folder of distributions."""

from __future__ import annotations

import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import Distribution, PathDistribution
from os import PathLike
from pathlib import Path
from typing import Any

import castcore_sdk
from castcore_core.plugins.discovery import GROUP, Manifest, discover, plugins_of
from castcore_sdk import ConfigurationError

_LARGEST = 512 << 20
"""Bytes that a wheel may unpack to."""


class SourceDistribution(Distribution):
    """The metadata that a source folder would have once it is built."""

    def __init__(self, folder: Path, project: dict[str, Any]) -> None:
        self._folder = folder
        self._project = project

    def read_text(self, filename: str) -> str | None:
        """Return METADATA or entry_points.txt made of pyproject.toml."""
        if filename == "METADATA":
            lines = [f"Name: {self._project.get('name', '')}", f"Version: {self._project.get('version', '0')}"]
            lines += [f"Summary: {self._project.get('description', '')}"]
            if python := self._project.get("requires-python"):
                lines.append(f"Requires-Python: {python}")
            lines += [f"Requires-Dist: {requirement}" for requirement in self._project.get("dependencies", ())]
            return "\n".join(lines) + "\n"
        if filename == "entry_points.txt":
            entries = self._project.get("entry-points", {}).get(GROUP, {})
            return "\n".join([f"[{GROUP}]", *(f"{name} = {value}" for name, value in entries.items())])
        return None

    def locate_file(self, path: str | PathLike[str]) -> Any:
        """Return a path in the source folder."""
        return self._folder / path


@contextmanager
def opened(target: Path) -> Iterator[tuple[tuple[Manifest, ...], list[str]]]:
    """Yield the plugins in ``target`` and the search path that finds their code.

    Raises ConfigurationError ``plugins.target_unreadable``.
    """
    sdk = castcore_sdk.__version__
    try:
        if target.is_dir() and (target / "pyproject.toml").is_file():
            project = tomllib.loads((target / "pyproject.toml").read_text("utf-8"))["project"]
            source = target / "src" if (target / "src").is_dir() else target
            path = [str(source.absolute())]
            yield plugins_of(SourceDistribution(source, project), installed_sdk=sdk), path
        elif target.is_dir():
            path = [str(target.absolute())]
            yield discover(installed_sdk=sdk, path=path), path
        else:
            with tempfile.TemporaryDirectory(prefix="castcore-check-") as folder:
                _unpack(target, Path(folder))
                found = [PathDistribution(info) for info in Path(folder).glob("*.dist-info")]
                yield tuple(plugin for dist in found for plugin in plugins_of(dist, installed_sdk=sdk)), [folder]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ConfigurationError(
            "plugins.target_unreadable", params={"target": str(target)[:300]}, detail=str(error)
        ) from None


def _unpack(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        if sum(member.file_size for member in archive.infolist()) > _LARGEST:
            raise ValueError("the wheel is too large")
        archive.extractall(folder)
