"""A storage plugin that misbehaves on command: a file in its folder of faults says what goes wrong from now on.

    with awkward(folder) as storage: storage.fault("hang") … storage.mend("hang")

========  ====================================================================
block     nothing in the process goes on, and the time limit is of no use
crash     a segmentation fault
cut       every file ends after half of its bytes
down      the host cannot be reached: a TemporaryError
exit      the process ends at once
grow      600 MB more with each call
hang      no answer ever comes
latency   seconds that each piece takes; the file holds the number
leak      the password is not accepted, and the plugin is careless with it
slow      bytes per second; the file holds the number
stubborn  as hang, and nobody can cancel it
========  ====================================================================
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CANARY = "canary-77e1c0-storage"
"""The password of every configuration: it may turn up nowhere."""

_CODE = '''
import asyncio, ctypes, os, time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from castcore_sdk import *

_HOARD = []


class Config(ExtensionConfig):
    root: str
    """Where the files are."""
    faults: str
    """Where the faults are."""
    password: Secret
    """What must not be seen."""


class Awkward(StorageBackend[Config], SupportsWrite):
    id = "awkward"
    max_parallel = 8
    timeouts = {name: timedelta(seconds=3) for name in ("check", "stat", "list_dir", "read", "write", "delete")}

    def _is(self, fault):
        file = Path(self.config.faults, fault)
        return (file.read_text() or "1") if file.exists() else ""

    async def _suffer(self):
        password = self.config.password.get_secret_value()
        if self._is("block"):
            time.sleep(3600)
        if self._is("crash"):
            ctypes.string_at(0)
        if self._is("exit"):
            os._exit(3)
        if self._is("grow"):
            _HOARD.append(b"x" * 600_000_000)
        if self._is("down"):
            raise TemporaryError("awkward.down", params={"host": "nas"})
        if self._is("leak"):
            self.context.log.error("no entry with %s", password)
            raise AuthenticationError("awkward.password", detail="tried " + password, params={"with": password})
        if self._is("fail"):
            raise RuntimeError("unexpected " + password)
        while self._is("stubborn"):
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                pass
        if self._is("hang"):
            await asyncio.Event().wait()

    async def check(self):
        await self._suffer()
        return [CheckResult(code="storage.readable", severity=Severity.OK, params={"path": "awkward"})]

    async def list_dir(self, path, /):
        await self._suffer()
        folder = Path(self.config.root, path)
        if not folder.is_dir():
            raise NotFoundError("storage.not_found", params={"path": path})
        for child in sorted(folder.iterdir()):
            yield self._entry(storage_path(f"{path}/{child.name}" if path else child.name))
        if self._is("outside"):
            for odd in ("../secret", "/etc/passwd", "a/b/c", "x\\0y"):
                yield StorageEntry(path=StoragePath(odd), is_dir=False, size=1)

    async def stat(self, path, /):
        await self._suffer()
        return self._entry(path)

    def _entry(self, path):
        place = Path(self.config.root, path)
        if not place.exists():
            raise NotFoundError("storage.not_found", params={"path": path})
        found = place.stat()
        size = None if place.is_dir() or self._is("sizeless") else found.st_size
        return StorageEntry(
            path=path, is_dir=place.is_dir(), size=size, modified=datetime.fromtimestamp(found.st_mtime, UTC)
        )

    @asynccontextmanager
    async def read(self, path, /, *, offset=0, length=None):
        await self._suffer()
        with open(Path(self.config.root, path), "rb") as file:
            file.seek(offset)
            yield self._pieces(file, length)

    async def _pieces(self, file, length):
        left = length if length is not None else 1 << 60
        if self._is("cut"):
            left //= 2
        while left:
            await self._suffer()
            if latency := self._is("latency"):
                await asyncio.sleep(float(latency))
            size = 65536
            if slow := self._is("slow"):
                size = min(size, max(1, int(slow) // 10))
                await asyncio.sleep(size / int(slow))
            piece = file.read(min(size, left))
            if not piece:
                return
            left -= len(piece)
            yield piece

    async def write(self, path, data, /, *, size=None):
        await self._suffer()
        place = Path(self.config.root, path)
        part = place.with_name(".part")
        try:
            with open(part, "wb") as file:
                async for piece in data:
                    if self._is("full"):
                        raise PermanentError("awkward.full")
                    file.write(piece)
            part.replace(place)
        finally:
            part.unlink(missing_ok=True)
        return self._entry(path)

    async def delete(self, path, /):
        Path(self.config.root, path).unlink()


@hookimpl
def castcore_register_storage_backends():
    return [Awkward]
'''
_METADATA = "Metadata-Version: 2.1\nName: castcore-awkward\nVersion: 1.0\nRequires-Dist: castcore-sdk>=1,<2\n"


@dataclass
class Awkward:
    """The installed plugin with its files and faults."""

    folder: Path

    @property
    def root(self) -> Path:
        """Where the files are."""
        return self.folder / "files"

    @property
    def site(self) -> Path:
        """What must be on ``sys.path`` of a server."""
        return self.folder / "site"

    @property
    def config(self) -> Mapping[str, str]:
        """A configuration of the plugin."""
        return {"root": str(self.root), "faults": str(self.folder / "faults"), "password": CANARY}

    def fault(self, name: str, value: str = "1") -> None:
        """Let something go wrong from now on."""
        place = self.folder / "faults" / name
        place.with_suffix(".new").write_text(value)
        place.with_suffix(".new").replace(place)

    def mend_all(self) -> None:
        """Let all go well again."""
        self.mend(*(file.name for file in (self.folder / "faults").iterdir()))

    def mend(self, *names: str) -> None:
        """Let it go well again."""
        for name in names:
            (self.folder / "faults" / name).unlink(missing_ok=True)


@contextmanager
def awkward(folder: Path) -> Iterator[Awkward]:
    """Install the plugin for this process and the servers that it starts."""
    storage = Awkward(folder)
    for room in (storage.root, folder / "faults", storage.site / "castcore_awkward_plugin"):
        room.mkdir(parents=True)
    (storage.site / "castcore_awkward_plugin" / "__init__.py").write_text(_CODE)
    info = storage.site / "castcore_awkward-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(_METADATA)
    (info / "entry_points.txt").write_text("[castcore.plugins]\nawkward = castcore_awkward_plugin\n")
    before = os.environ.get("PYTHONPATH")
    sys.path.insert(0, str(storage.site))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(storage.site), before]))
    importlib.invalidate_caches()
    try:
        yield storage
    finally:
        sys.path.remove(str(storage.site))
        sys.modules.pop("castcore_awkward_plugin", None)
        importlib.invalidate_caches()
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
