"""The rooms of the house: one line per folder that brings models, routes or something that runs.

``docs/explanation/server.md`` shows how a folder is written; this list is all there is to register.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

__all__ = ["FEATURES", "GATE", "Feature", "load", "model_modules"]


@dataclass(frozen=True, slots=True)
class Feature:
    """What one folder brings to the server."""

    name: str
    models: str | None = None
    """Module with Tortoise models; they belong to the app ``core`` (foreign keys: ``"core.User"``)."""
    routes: str | None = None
    """Module with ``blueprint`` (mounted at ``/api/v1``) and, where needed, ``root`` (mounted at ``/``)."""
    run: str | None = None
    """``MODULE:FUNCTION``: an async context manager over the :class:`~castcore_core.core.Core`, entered in this order
    before the first request and left in reverse order at the stop."""


FEATURES: tuple[Feature, ...] = (
    Feature("api", models="castcore_core.api.models", routes="castcore_core.api.routes"),
    Feature(
        "audit",
        models="castcore_core.audit.models",
        routes="castcore_core.audit.routes",
        run="castcore_core.audit.service:run",
    ),
    Feature(
        "settings",
        models="castcore_core.settings.models",
        routes="castcore_core.settings.routes",
        run="castcore_core.settings.service:run",
    ),
    Feature(
        "accounts",
        models="castcore_core.accounts.models",
        routes="castcore_core.accounts.routes",
        run="castcore_core.accounts.service:run",
    ),
    Feature(
        "setup",
        models="castcore_core.setup.models",
        routes="castcore_core.setup.routes",
        run="castcore_core.setup.wizard:run",
    ),
    Feature("plugins", routes="castcore_core.plugins.routes", run="castcore_core.plugins.life:run"),
    Feature("reach", run="castcore_core.streams.reach:run"),
    Feature(
        "profiles",
        models="castcore_core.profiles.models",
        routes="castcore_core.profiles.routes",
        run="castcore_core.profiles.service:run",
    ),
    Feature(
        "platforms",
        models="castcore_core.platforms.models",
        routes="castcore_core.platforms.routes",
        run="castcore_core.platforms.life:run",
    ),
    Feature(
        "destinations",
        models="castcore_core.destinations.models",
        routes="castcore_core.destinations.routes",
        run="castcore_core.destinations.service:run",
    ),
    Feature(
        "storage",
        models="castcore_core.storage.models",
        routes="castcore_core.storage.routes",
        run="castcore_core.storage.life:run",
    ),
    Feature(
        "media",
        models="castcore_core.media.models",
        routes="castcore_core.media.routes",
        run="castcore_core.media.life:run",
    ),
    Feature(
        "assets",
        models="castcore_core.assets.models",
        routes="castcore_core.assets.routes",
        run="castcore_core.assets.service:run",
    ),
    Feature(
        "streams",
        models="castcore_core.streams.models",
        routes="castcore_core.streams.routes",
        run="castcore_core.streams.life:run",
    ),
    Feature(
        "preflight",
        models="castcore_core.preflight.models",
        routes="castcore_core.preflight.routes",
        run="castcore_core.preflight.service:run",
    ),
    Feature(
        "engine",
        models="castcore_core.engine.models",
        routes="castcore_core.engine.routes",
        run="castcore_core.engine.service:run",
    ),
    Feature("scans", run="castcore_core.media.scanner:run"),
    Feature("monitoring", routes="castcore_core.monitoring.routes", run="castcore_core.monitoring.sample:run"),
    Feature(
        "notifications",
        models="castcore_core.notifications.models",
        routes="castcore_core.notifications.routes",
        run="castcore_core.notifications.service:run",
    ),
)

GATE: str | None = "castcore_core.accounts.gate:make_gate"
"""``MODULE:FUNCTION`` that makes the gate of all routes from the Core; without one only open routes answer."""


def model_modules() -> list[str]:
    """Return the modules with models, in the order of the features."""
    return [feature.models for feature in FEATURES if feature.models]


def load(reference: str) -> Callable[..., Any]:
    """Return the object that ``MODULE:NAME`` names."""
    module, _, name = reference.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found
