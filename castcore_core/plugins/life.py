"""The plugin host as a part of the server's life."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import platformdirs

from castcore_core.core import Core
from castcore_core.plugins.follower import Follower
from castcore_core.plugins.herald import Herald, emit
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.installation import Installations
from castcore_core.plugins.installer import Installer
from castcore_core.plugins.page import Pages
from castcore_core.plugins.service import Plugins
from castcore_sdk import CastCoreError

_log = logging.getLogger(__name__)


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Load the plugins and provide :class:`PluginHost` and :class:`Plugins`."""
    root, cache = core.folder.root, cache_folder()
    installer = Installer(root, cache)
    try:
        await asyncio.to_thread(installer.recover)
    except CastCoreError as error:
        _log.warning("an installation that was never finished cannot be taken back: %s", error.code)
    host = PluginHost(root, cache, safe=core.configuration.safe, emit=partial(emit, core))
    host.load()
    follower = Follower(core, host, changing=lambda: installer.under_way)
    core.provide(host)
    core.provide(follower)
    core.provide(Plugins(core))
    core.provide(Pages(host))
    core.provide(Installations(core, lambda tell: Installer(root, cache, tell=tell)))
    await host.start()
    tasks = {asyncio.create_task(follower.run(), name="plugins: follow")}
    if core.configuration.role != "web":
        # One process of the installation: else a plugin would hear everything twice.
        tasks.add(asyncio.create_task(Herald(core, host).run(), name="plugins: herald"))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await asyncio.shield(host.aclose())


def cache_folder() -> Path:
    """Return the folder for what can be found out again; not made."""
    return Path(os.environ.get("CASTCORE_CACHE_DIR") or platformdirs.user_cache_path("castcore"))
