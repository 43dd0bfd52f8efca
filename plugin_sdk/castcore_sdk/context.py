"""What the host gives to a plugin."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    import httpx2 as httpx

    from castcore_sdk.event import Event

P = ParamSpec("P")
R = TypeVar("R")


class DocumentStore(Protocol):
    """Small JSON documents that belong to one plugin."""

    async def get(self, collection: str, key: str, /) -> Mapping[str, Any] | None: ...
    async def put(self, collection: str, key: str, value: Mapping[str, Any], /) -> None: ...
    async def delete(self, collection: str, key: str, /) -> None: ...
    def scan(self, collection: str, /, *, prefix: str = "") -> AsyncIterator[tuple[str, Mapping[str, Any]]]: ...


class OAuthSession(Protocol):
    """An authorised HTTP client for one connected account; tokens are refreshed by core."""

    @property
    def account(self) -> str: ...
    @property
    def http(self) -> httpx.AsyncClient: ...


class PluginContext(Protocol):
    """Everything a plugin may use of the host."""

    @property
    def plugin_id(self) -> str: ...
    @property
    def instance_id(self) -> str | None: ...
    @property
    def log(self) -> logging.LoggerAdapter[logging.Logger]: ...
    @property
    def http(self) -> httpx.AsyncClient: ...
    @property
    def store(self) -> DocumentStore: ...
    @property
    def data_dir(self) -> Path: ...
    async def oauth(self) -> OAuthSession: ...
    async def run_blocking(self, func: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R: ...
    async def emit(self, event: Event, /) -> None: ...
