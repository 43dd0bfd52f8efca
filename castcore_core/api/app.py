"""Put the application together."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import entry_points

from quart import Quart

from castcore_core.api import envelope, openapi, planned, rule
from castcore_core.api.body import ARRIVING, StrictRequest
from castcore_core.api.gate import ClosedGate, Gate
from castcore_core.api.json import StrictJSON
from castcore_core.core import Core
from castcore_core.feature import FEATURES, GATE, Feature, load

PREFIX = "/api/v1"


def create_app(core: Core, *, features: Iterable[Feature] = FEATURES, gate: Gate | None = None) -> Quart:
    """Return the application with the routes of ``features``; ``gate`` is the accounts' unless one is given."""
    app = Quart("castcore_core", static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=ARRIVING, BODY_TIMEOUT=30, RESPONSE_TIMEOUT=60)
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    app.request_class = StrictRequest
    app.extensions["castcore"] = core
    openapi.install(app)
    app.json = StrictJSON(app)
    envelope.install(app)
    rule.install(app, core, gate or (load(GATE)(core) if GATE else ClosedGate()))
    for feature in features:
        if feature.routes:
            module = import_module(feature.routes)
            app.register_blueprint(module.blueprint, url_prefix=PREFIX)
            if hasattr(module, "root"):
                app.register_blueprint(module.root)
    planned.install(app, PREFIX)
    if not core.configuration.headless:
        # The core knows nothing of its pages: whoever brings some names them in this group.
        for pages in entry_points(group="castcore.web", name="pages"):
            pages.load()(app)
    return app
