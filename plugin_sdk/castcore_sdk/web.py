"""Pages that a plugin adds to the web interface."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from castcore_sdk.context import PluginContext


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """A request that core has authenticated and checked: role, origin and size."""

    method: Literal["GET", "POST"]
    path_params: Mapping[str, str]
    """What stands in the path for each ``<name>``."""
    query: Mapping[str, str]
    """The first value of each name."""
    form: Mapping[str, str]
    """The first value of each field; empty for GET."""
    user: str
    """The name of the one who asks."""
    locale: str
    """``en`` or ``de``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateResponse:
    """A template of the plugin's own package with its values."""

    template: str
    """A jinja2 file in ``templates/`` of the package. It is the inside of the page: core puts head and menu around it.

    Every value is escaped. It has ``t(name, **params)`` for texts of the plugin's catalogue, ``url(path)`` for
    addresses of its pages, and ``locale``. Scripts and inline styles are not run by browsers: pages work with links
    and forms.
    """
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectResponse:
    """A redirect within this installation; the usual answer to a POST that worked."""

    to: str
    """A path such as ``/plugins/ID/PATH``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page under ``/plugins/ID/``."""

    path: str
    """Empty for the plugin's first page; ``<name>`` and ``<int:name>`` stand for variable parts."""
    title_key: str
    """A code of the plugin's catalogue, such as ``mytube.quota``."""
    handler: Callable[[PageRequest, PluginContext], Awaitable[TemplateResponse | RedirectResponse]]
    """Called behind core's time limit. A CastCoreError is shown as its text; anything else as a fault of the plugin."""
    methods: frozenset[Literal["GET", "POST"]] = frozenset({"GET"})
    role: Literal["viewer", "operator", "admin"] = "admin"
    """The least role that may open it."""
    in_menu: bool = False
    """Stands in the menu for everybody who may open it."""
