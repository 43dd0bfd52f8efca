"""Names and paths as SMB has them."""

from __future__ import annotations

import re

from castcore_sdk import NotFoundError, StoragePath, storage_path

_NOT_IN_NAME = re.compile(r'[\x00-\x1f"*/:<>?\\|]')
"""MS-FSCC 2.1.5: separators, wildcards and the mark of alternate streams are part of no name."""
LONGEST = 255
"""UTF-16 units in a name (MS-FSCC 2.1.5.2)."""


def is_name(name: str) -> bool:
    """Tell whether a file or folder of a share can be called so."""
    # Servers drop spaces and dots at the end, so that such a name would mean another file.
    return bool(name) and name == name.rstrip(" .") and not _NOT_IN_NAME.search(name) and units(name) <= LONGEST


def units(text: str) -> int:
    """Return how many UTF-16 units ``text`` takes."""
    return len(text.encode("utf-16-le")) // 2


def share_path(folder: str, path: StoragePath) -> str:
    """Return what the server calls ``path`` below ``folder``. Raise NotFoundError ``smb.name_impossible``."""
    safe = storage_path(path)
    if safe and not all(is_name(name) for name in safe.split("/")):
        raise NotFoundError("smb.name_impossible", params={"path": path[:200]})
    return "\\".join(name for name in f"{folder}/{safe}".split("/") if name)
