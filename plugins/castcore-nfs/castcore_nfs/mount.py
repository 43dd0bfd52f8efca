"""An NFS export that this machine has mounted."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import ClassVar

from castcore_nfs.config import MountedConfig
from castcore_sdk import (
    CastCoreError,
    CheckResult,
    Folder,
    FolderStorage,
    Params,
    Severity,
    StoragePath,
    TemporaryError,
)

TYPES = frozenset({"nfs", "nfs4"})


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of the kernel's table."""

    place: str
    type: str
    source: str


def mounts(table: str) -> Iterator[Mount]:
    """Yield what stands in ``/proc/self/mountinfo`` (proc(5)); lines that make no sense are left out."""
    for line in table.splitlines():
        head, dash, tail = line.partition(" - ")
        fields, ends = head.split(" "), tail.split(" ")
        if dash and len(fields) >= 6 and len(ends) >= 2:
            yield Mount(_unescaped(fields[4]), ends[0], _unescaped(ends[1]))


def mount_of(path: str, table: str) -> Mount:
    """Return the mount that a real path lies on: the last one of the longest place."""
    found = Mount("", "?", "?")
    for mount in mounts(table):
        below = mount.place.rstrip("/") + "/"
        if f"{path}/".startswith(below) and len(mount.place) >= len(found.place):
            found = mount
    return found


class MountedNfs(FolderStorage[MountedConfig]):
    """An NFS export that this machine has mounted, or a folder below it."""

    id = "nfs.mounted"
    table: ClassVar[Path] = Path("/proc/self/mountinfo")

    async def check(self) -> Sequence[CheckResult]:
        """See what is mounted there, list it, and see whether it can be written to. Nothing is changed."""
        return await self.context.run_blocking(self._examine)

    def folder(self) -> Folder:
        """Return the folder. Raise TemporaryError ``nfs.not_mounted`` while it lies on no NFS mount."""
        mount = self._mount()
        if mount.type not in TYPES:
            raise TemporaryError("nfs.not_mounted", params={"path": self.config.path, "type": mount.type})
        return Folder(self.config.path)

    def _mount(self) -> Mount:
        return mount_of(os.path.realpath(self.config.path), self.table.read_text(encoding="utf-8", errors="replace"))

    def _examine(self) -> Sequence[CheckResult]:
        params: Params = {"path": self.config.path}
        try:
            list(islice(self.entries(StoragePath("")), 1))
        except CastCoreError as error:
            return [CheckResult(code=error.code, severity=Severity.ERROR, params=error.params, config_field="path")]
        mount = self._mount()
        found = {**params, "source": mount.source, "type": mount.type}
        code = "nfs.folder_writable" if os.access(self.config.path, os.W_OK | os.X_OK) else "nfs.folder_readable"
        return [
            CheckResult(code="nfs.mounted_from", severity=Severity.OK, params=found),
            CheckResult(code=code, severity=Severity.OK, params=params),
        ]


def _unescaped(text: str) -> str:
    """Return a field as it was before the kernel wrote spaces and the like in octal."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text
