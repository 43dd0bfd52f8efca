"""Which file system a path is on."""

from __future__ import annotations

import os
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_REMOTE = frozenset({"9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "gluster", "lustre", "ncpfs"}) | {
    *("nfs", "nfs4", "ocfs2", "orangefs", "smb3", "smbfs", "sshfs"),
}
_DEVICE, _SEPARATOR = 2, "-"
"""Columns of ``/proc/self/mountinfo`` (proc(5)); the type follows the separator."""


def is_remote(path: Path) -> bool:
    """Say whether a file is fetched over a network, or by a program (FUSE). False where the system does not tell."""
    try:
        device = path.stat().st_dev
        lines = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    wanted = f"{os.major(device)}:{os.minor(device)}"
    kinds = {kind for kind, number in map(_read, lines) if number == wanted}
    return any(kind in _REMOTE or kind == "fuse" or kind.startswith("fuse.") for kind in kinds)


def _read(line: str) -> tuple[str, str]:
    columns = line.split(" ")
    return columns[columns.index(_SEPARATOR) + 1], columns[_DEVICE]
