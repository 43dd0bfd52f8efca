"""What a remembered trial is valid for."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

from castcore_core.plugins.discovery import Manifest

_MOST_FILES = 4000
_FORMAT = 2
"""Raise it when a trial looks at more or at other things than before."""


def code_folder(module: str, path: Sequence[str] | None) -> Path | None:
    """Return the file or folder of the top-level package of ``module`` without importing it, None if not found."""
    top = module.partition(".")[0]
    try:
        spec = find_spec(top) if path is None else PathFinder.find_spec(top, list(path)) or find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    return Path(spec.origin) if spec.origin else None


def fingerprint(manifest: Manifest, path: Sequence[str] | None, *, installed_sdk: str) -> str | None:
    """Return a hash over the plugin's version and code, the SDK and this Python; None where nothing can be said.

    RECORD names every installed file with its hash. Without a useful one (editable installs) names, sizes and
    modification times of the package's files take its place.
    """
    stamp = manifest.record or _stamp(code_folder(manifest.module, path))
    if not stamp:
        return None
    parts = (
        _FORMAT,
        manifest.id,
        manifest.distribution,
        manifest.version,
        manifest.module,
        stamp,
        installed_sdk,
        platform.python_version(),
        sys.executable,
    )
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


def surroundings(path: Iterable[str]) -> str:
    """Return a hash over the installed distributions: a failed trial is worth another try when it changes."""
    names = set()
    for entry in path:
        try:
            names |= {item.name for item in Path(entry).iterdir() if item.suffix in (".dist-info", ".egg-info")}
        except OSError:
            continue  # zip files and folders that do not exist hold no such names
    return hashlib.sha256("\0".join(sorted(names)).encode()).hexdigest()


def _stamp(folder: Path | None) -> str:
    if folder is None:
        return ""
    digest = hashlib.sha256()
    try:
        files = [folder] if folder.is_file() else sorted(file for file in folder.rglob("*") if file.suffix != ".pyc")
        if len(files) > _MOST_FILES:
            return ""
        for file in files:
            status = file.stat()
            if not file.is_dir():
                digest.update(f"{file}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    except OSError:
        return ""
    return digest.hexdigest()
