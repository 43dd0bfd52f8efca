"""Where CastCore keeps things on this machine."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import platformdirs

from castcore_core.cli.message import language, use_texts
from castcore_core.plugins.host import HostSettings, PluginHost
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


@asynccontextmanager
async def open_host() -> AsyncIterator[PluginHost]:
    """Load the plugins and learn their texts; close them afterwards. Raises ConfigurationError ``cli.data_folder``."""
    host = PluginHost(data_folder(), cache_folder(), settings=HostSettings(early=0))
    host.load()
    use_texts(host.texts(language()))
    await host.start()
    try:
        yield host
    finally:
        await host.aclose()
