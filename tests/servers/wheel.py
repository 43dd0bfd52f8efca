"""Wheels of throwaway plugins, written without a build, and source distributions that show when they are built."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

CODE = """
from castcore_sdk import *

class Config(ExtensionConfig):
    key: Secret
    "The key."

class {name}(Destination[Config]):
    id = "{id}"
    protocols = frozenset({{PublishProtocol.RTMP}})
    async def open_broadcast(self, request, /):
        return PublishTarget(reference="1", protocol=PublishProtocol.RTMP, url="rtmp://127.0.0.1/live")
    async def close_broadcast(self, reference, /): ...

@hookimpl
def castcore_register_destinations(): return [{name}]
"""


BACKEND = """
import sys
from pathlib import Path

sys.path.insert(0, {support!r})
Path({ran!r}).touch()

def build_wheel(folder, config_settings=None, metadata_directory=None):
    from servers.wheel import write_wheel
    return write_wheel(Path(folder), {plugin!r}, {version!r}).name
"""
"""Builds with nothing installed, and leaves a file behind: its code has run."""


def write_source(folder: Path, plugin: str, version: str = "1.0", *, ran: Path) -> Path:
    """Write the source distribution of a plugin as `write_wheel` does; ``ran`` exists once it was built."""
    name = f"castcore_{plugin}-{version}"
    support = str(Path(__file__).parents[1])
    project = f'[project]\nname = "castcore-{plugin}"\nversion = "{version}"\n'
    build = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    inside = {
        "backend.py": BACKEND.format(support=support, ran=str(ran), plugin=plugin, version=version),
        "pyproject.toml": project + build,
        "PKG-INFO": f"Metadata-Version: 2.1\nName: castcore-{plugin}\nVersion: {version}\n",
    }
    source = folder / f"{name}.tar.gz"
    with tarfile.open(source, "w:gz") as archive:
        for path, text in inside.items():
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return source


def write_wheel(
    folder: Path,
    plugin: str,
    version: str = "1.0",
    *,
    code: str | None = None,
    requires: tuple[str, ...] = ("castcore-sdk>=1,<2",),
    files: Mapping[str, str] | None = None,
    entry: bool = True,
) -> Path:
    """Write a wheel whose plugin offers the destination ``plugin``; without ``entry`` it is a mere library."""
    name = f"castcore_{plugin}" if entry else plugin
    info = f"{name}-{version}.dist-info"
    metadata = [f"Name: {name.replace('_', '-')}", f"Version: {version}", "Metadata-Version: 2.1"]
    inside = {
        f"{name}/__init__.py": dedent(CODE.format(name=plugin.title(), id=plugin) if code is None else code),
        f"{info}/METADATA": "\n".join([*metadata, *(f"Requires-Dist: {line}" for line in requires)]) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **(files or {}),
    }
    if entry:
        inside[f"{info}/entry_points.txt"] = f"[castcore.plugins]\n{plugin} = {name}\n"
    record = "".join(f"{path},,\n" for path in (*inside, f"{info}/RECORD"))
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**inside, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)
    return wheel
