"""Wheels of throwaway plugins, written without a build."""

from __future__ import annotations

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
