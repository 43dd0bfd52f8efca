"""Where CastCore keeps things on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import platformdirs

from castcore_core.cli.message import fail, language, use_texts
from castcore_core.cli.status import ExitStatus
from castcore_core.plugins.breadcrumb import Breadcrumb
from castcore_core.plugins.host import HostSettings, PluginHost
from castcore_sdk import ConfigurationError

STUCK_SECONDS = 10.0
"""How long plugin code may hold up a command that waits for it."""


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


def _give_up(crumb: Breadcrumb | None) -> None:
    """End the program: code that never returns cannot be ended within it. The runner ends with its connection."""
    params = {"plugin": crumb.plugin if crumb else "?", "method": crumb.method if crumb else "?"}
    try:
        fail(
            "plugins.blocks",
            {**params, "seconds": round(STUCK_SECONDS)},
            status=ExitStatus.INPUT,
            json_output="--json" in sys.argv,
        )
    finally:
        os._exit(ExitStatus.INPUT)


@asynccontextmanager
async def open_host() -> AsyncIterator[PluginHost]:
    """Load the plugins and learn their texts; close them afterwards. Raises ConfigurationError ``cli.data_folder``."""
    settings = HostSettings(early=0, stuck=STUCK_SECONDS)
    host = PluginHost(data_folder(), cache_folder(), settings=settings, on_stuck=_give_up)
    host.load()
    use_texts(host.texts(language()))
    await host.start(tell=False)
    try:
        yield host
    finally:
        await host.aclose()
