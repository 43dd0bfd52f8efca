"""Throwaway third-party plugins, written as really installed distributions."""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest

HEAD = """
import asyncio, ctypes, os, sys, time
from datetime import timedelta
from castcore_sdk import *

class Config(ExtensionConfig):
    label: str = "x"
    "What it is called."
    key: Secret = Secret("")
    "What opens it."
"""

GOOD = """
class {name}(Destination[Config]):
    id = "{id}"
    protocols = frozenset({{PublishProtocol.RTMP}})
    url_schemes = frozenset({{"{id}"}})

    async def open_broadcast(self, request, /):
        url = "rtmp://127.0.0.1/" + self.id
        return PublishTarget(reference=request.broadcast_id, protocol=PublishProtocol.RTMP, url=url)

    async def close_broadcast(self, reference, /):
        pass

@hookimpl
def castcore_register_destinations():
    return [{name}]
"""


@dataclass
class Site:
    """A folder on ``sys.path`` into which plugins are installed."""

    folder: Path
    modules: list[str] = field(default_factory=list)

    @property
    def path(self) -> list[str]:
        return [str(self.folder)]

    def good(self, plugin: str) -> str:
        """Install a plugin that works; its destination has the plugin's id, and takes URLs of that scheme."""
        return self.add(plugin, GOOD.format(name=plugin.title(), id=plugin))

    def add(
        self,
        plugin: str,
        code: str,
        *,
        entry: str | None = None,
        distribution: str | None = None,
        version: str = "1.0",
        requires: str | None = "castcore-sdk>=1,<2",
        metadata: str = "",
        texts: dict[str, object] | None = None,
        record: bool = True,
    ) -> str:
        """Install a plugin and return its module."""
        distribution = distribution or f"castcore-{plugin}"
        module = f"{distribution.replace('-', '_')}_plugin"
        package = self.folder / module
        package.mkdir()
        (package / "__init__.py").write_text(dedent(HEAD) + dedent(code))
        for language, value in (texts or {}).items():
            (package / "locales").mkdir(exist_ok=True)
            (package / "locales" / f"{language}.json").write_text(json.dumps(value))
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        lines = [f"Name: {distribution}", f"Version: {version}", "Metadata-Version: 2.4", "License-Expression: MIT"]
        lines += [f"Requires-Dist: {requires}"] if requires else []
        (info / "METADATA").write_text("\n".join(lines) + "\n" + metadata)
        (info / "entry_points.txt").write_text(f"[castcore.plugins]\n{plugin} = {entry or module}\n")
        if record:
            self.record(package, info)
        self.modules.append(module)
        importlib.invalidate_caches()
        return module

    def record(self, package: Path, info: Path) -> None:
        """Write RECORD as an installer does."""
        rows = [
            f"{file.relative_to(self.folder)},sha256={hashlib.sha256(file.read_bytes()).hexdigest()},"
            for file in sorted(package.rglob("*"))
            if file.is_file() and file.suffix != ".pyc"
        ]
        (info / "RECORD").write_text("\n".join(rows))

    def forget(self) -> None:
        """Take what was imported out of this process."""
        for name in list(sys.modules):
            if name.partition(".")[0] in self.modules:
                del sys.modules[name]


def open_site(folder: Path) -> Iterator[Site]:
    folder.mkdir()
    site = Site(folder)
    sys.path.insert(0, str(folder))
    yield site
    sys.path.remove(str(folder))
    site.forget()
    importlib.invalidate_caches()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An empty folder for plugins."""
    yield from open_site(tmp_path / "site")


@pytest.fixture(scope="module")
def module_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The same for a whole test module."""
    yield from open_site(tmp_path_factory.mktemp("plugins") / "site")
