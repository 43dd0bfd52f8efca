"""Plugins that are not installed: a wheel, a source folder with a pyproject.toml, a folder of distributions."""

from __future__ import annotations

import json
import re
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import Distribution, PathDistribution, distributions
from os import PathLike
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import castcore_sdk
from castcore_core.plugins.discovery import GROUP, Manifest, discover, plugins_of
from castcore_sdk import ConfigurationError

_VERSION = re.compile(r"""^__version__\s*=\s*["']([^"']+)["']""", re.M)
_LARGEST = 512 << 20
"""Bytes that a wheel may unpack to."""


class SourceDistribution(Distribution):
    """The metadata that a source folder would have once it is built."""

    def __init__(self, folder: Path, home: Path, description: dict[str, Any]) -> None:
        self._folder = folder
        self._home = home
        self._project: dict[str, Any] = description["project"]
        self._build: dict[str, Any] = description.get("tool", {})

    def read_text(self, filename: str) -> str | None:
        """Return METADATA or entry_points.txt made of pyproject.toml."""
        if filename == "METADATA":
            lines = [f"Name: {self._project.get('name', '')}", f"Version: {self._version()}"]
            lines += [f"Summary: {self._project.get('description', '')}"]
            if python := self._project.get("requires-python"):
                lines.append(f"Requires-Python: {python}")
            lines += [f"Requires-Dist: {requirement}" for requirement in self._project.get("dependencies", ())]
            licence = self._project.get("license", "")
            lines.append(f"License-Expression: {licence if isinstance(licence, str) else next(iter(licence.values()))}")
            lines += [f"Classifier: {classifier}" for classifier in self._project.get("classifiers", ())]
            lines += [f"Project-URL: {name}, {url}" for name, url in self._project.get("urls", {}).items()]
            return "\n".join(lines) + "\n"
        if filename == "entry_points.txt":
            entries = self._project.get("entry-points", {}).get(GROUP, {})
            return "\n".join([f"[{GROUP}]", *(f"{name} = {value}" for name, value in entries.items())])
        return None

    def _version(self) -> str:
        """Return the version, also where hatch reads it from a file."""
        place = self._build.get("hatch", {}).get("version", {}).get("path")
        if "version" in self._project or not isinstance(place, str):
            return str(self._project.get("version", "0"))
        found = _VERSION.search((self._home / place).read_text("utf-8"))
        return found[1] if found else "0"

    def locate_file(self, path: str | PathLike[str]) -> Any:
        """Return a path in the source folder."""
        return self._folder / path


def installed_of(name: str, path: Sequence[str] | None) -> dict[str, Distribution]:
    """Return the installed distribution ``name`` by its name; nothing where there is none."""
    found = distributions(name=name) if path is None else distributions(name=name, path=list(path))
    first = next(iter(found), None)
    return {} if first is None else {name: first}


def source_of(name: str) -> Path | None:
    """Return the source folder of a distribution that is installed from one and stays there; None for all others."""
    for each in installed_of(name, None).values():
        try:
            origin = json.loads(each.read_text("direct_url.json") or "{}")
            address = urlsplit(str(origin.get("url", "")))
            if origin.get("dir_info", {}).get("editable") and address.scheme == "file":
                folder = Path(unquote(address.path))
                return folder if (folder / "pyproject.toml").is_file() else None
        except (ValueError, AttributeError):
            continue
    return None


@dataclass(frozen=True, slots=True)
class Opened:
    """The plugins in a target, the search path that finds their code, and where to read more about them."""

    manifests: tuple[Manifest, ...]
    path: list[str]
    about: Mapping[str, Distribution]
    """By the name of the distribution."""
    project: Path | None = None
    """The source folder, with the tests."""


@contextmanager
def opened(target: Path) -> Iterator[Opened]:
    """Yield what is in ``target``.

    Raises ConfigurationError ``plugins.target_unreadable``.
    """
    sdk = castcore_sdk.__version__
    try:
        if target.is_dir() and (target / "pyproject.toml").is_file():
            description = tomllib.loads((target / "pyproject.toml").read_text("utf-8"))
            source = target / "src" if (target / "src").is_dir() else target
            found = SourceDistribution(source, target, description)
            manifests = plugins_of(found, installed_sdk=sdk)
            about = {each.distribution: found for each in manifests}
            yield Opened(manifests, [str(source.absolute())], about, target.absolute())
        elif target.is_dir():
            path = [str(target.absolute())]
            yield Opened(discover(installed_sdk=sdk, path=path), path, _named(distributions(path=path)))
        else:
            with tempfile.TemporaryDirectory(prefix="castcore-check-") as folder:
                _unpack(target, Path(folder))
                inside = [PathDistribution(info) for info in Path(folder).glob("*.dist-info")]
                manifests = tuple(plugin for each in inside for plugin in plugins_of(each, installed_sdk=sdk))
                yield Opened(manifests, [folder], _named(inside))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ConfigurationError(
            "plugins.target_unreadable", params={"target": str(target)[:300]}, detail=str(error)
        ) from None


def _named(found: Iterable[Distribution]) -> dict[str, Distribution]:
    return {str(name): each for each in found for name in each.metadata.get_all("Name") or ()}


def _unpack(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        if sum(member.file_size for member in archive.infolist()) > _LARGEST:
            raise ValueError("the wheel is too large")
        archive.extractall(folder)
