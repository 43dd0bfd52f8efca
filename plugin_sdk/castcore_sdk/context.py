"""What the host gives to a plugin."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    import httpx2

    from castcore_sdk.event import Event

P = ParamSpec("P")
R = TypeVar("R")


class DocumentStore(Protocol):
    """Small JSON documents that belong to one plugin."""

    async def get(self, collection: str, key: str, /) -> Mapping[str, Any] | None:
        """Return the document, or None where there is none."""

    async def put(self, collection: str, key: str, value: Mapping[str, Any], /) -> None:
        """Store the document in place of an older one. ``value`` must be JSON."""

    async def delete(self, collection: str, key: str, /) -> None:
        """Remove the document. No error where there is none."""

    def scan(self, collection: str, /, *, prefix: str = "") -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        """Yield ``key, document`` in the order of the keys."""
        ...


class OAuthSession(Protocol):
    """An authorised HTTP client for one connected account; tokens are refreshed by core."""

    @property
    def account(self) -> str:
        """The label of the account."""
        ...

    @property
    def client_id(self) -> str:
        """The id under which this installation is registered with the platform."""
        ...

    @property
    def http(self) -> httpx2.AsyncClient:
        """A client that sends the account's token.

        It refreshes the token before it expires, and once when the platform answers 401. Its requests raise
        AuthenticationError ``platforms.reauthentication`` where only a person can help.
        """
        ...


class PluginContext(Protocol):
    """Everything a plugin may use of the host."""

    @property
    def plugin_id(self) -> str:
        """The name of the plugin's entry point."""
        ...

    @property
    def instance_id(self) -> str | None:
        """The saved configuration this call is for; None for the plugin as a whole."""
        ...

    @property
    def log(self) -> logging.LoggerAdapter[logging.Logger]:
        """A logger that scrubs the configuration's secrets."""
        ...

    @property
    def http(self) -> httpx2.AsyncClient:
        """The shared client: time limits and proxy are set, and core closes it.

        An answer of more than 16 MiB, decoded, ends in TemporaryError ``plugins.answer_too_large``, in pieces as well.
        A storage backend reads films: there the answers have no limit.
        """
        ...

    @property
    def store(self) -> DocumentStore:
        """This plugin's own documents."""
        ...

    @property
    def data_dir(self) -> Path:
        """A folder of this plugin's own, kept over restarts."""
        ...

    async def oauth(self) -> OAuthSession:
        """Return the connected account. Raise AuthenticationError ``platforms.not_connected`` where there is none."""
        ...

    async def run_blocking(self, func: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run blocking code in this plugin's own threads; the event loop goes on."""
        ...

    async def emit(self, event: Event, /) -> None:
        """Publish an event; its name gets the plugin id in front."""
