"""Pages that a plugin adds to the web interface."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from castcore_sdk.context import PluginContext


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """A request that core has authenticated and checked."""

    method: Literal["GET", "POST"]
    path_params: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    user: str
    locale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateResponse:
    """A template of the plugin's own package with its values."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectResponse:
    """A redirect within this installation."""

    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page under /plugins/<plugin id>/."""

    path: str
    title_key: str
    handler: Callable[[PageRequest, PluginContext], Awaitable[TemplateResponse | RedirectResponse]]
    methods: frozenset[Literal["GET", "POST"]] = frozenset({"GET"})
    role: Literal["viewer", "operator", "admin"] = "admin"
    in_menu: bool = False
