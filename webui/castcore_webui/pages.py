"""The pages: HTML that is useful at once, made alive by the scripts of ``webui/src``."""

from __future__ import annotations

from quart import Quart

from castcore_webui.page import (
    assets,
    destination,
    entry,
    extension,
    job,
    media,
    notification,
    overview,
    platform,
    plugin,
    profile,
    storage,
    system,
    token,
)
from castcore_webui.page.place import blueprint

MODULES = (
    entry,
    token,
    overview,
    job,
    media,
    destination,
    profile,
    system,
    storage,
    assets,
    platform,
    notification,
    plugin,
    extension,
)
"""Each declares its views on the one blueprint."""


def mount(app: Quart) -> None:
    """Add the pages to ``app``; named by the entry point ``pages`` of the group ``castcore.web``."""
    app.register_blueprint(blueprint)
