"""Small JSON files that are whole or absent, never half-written."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def read(path: Path, *, limit: int = 4 << 20) -> dict[str, Any] | None:
    """Return the object in ``path``, or None where it is missing, larger than ``limit`` bytes or no JSON object."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
        value = json.loads(data) if len(data) <= limit else None
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def write(path: Path, value: Mapping[str, Any], *, sync: bool = False) -> None:
    """Replace ``path`` in one step, readable by its owner only; ``sync`` also survives a power cut.

    Raises OSError where the folder cannot be written, TypeError or ValueError for what JSON cannot hold.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
