"""Where CastCore keeps things on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from castcore_sdk import ConfigurationError


def data_folder() -> Path:
    """Return the data folder (``CASTCORE_DATA_DIR``, else the user's), made and closed to others.

    Raises ConfigurationError ``cli.data_folder``.
    """
    folder = Path(os.environ.get("CASTCORE_DATA_DIR") or platformdirs.user_data_path("castcore"))
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError
    except OSError:
        raise ConfigurationError("cli.data_folder", params={"path": str(folder)}) from None
    return folder


def cache_folder() -> Path:
    """Return the folder for what can be found out again; not made."""
    return Path(os.environ.get("CASTCORE_CACHE_DIR") or platformdirs.user_cache_path("castcore"))
