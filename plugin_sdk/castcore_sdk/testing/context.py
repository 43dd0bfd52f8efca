"""A host in memory: what a plugin gets from CastCore, for its tests."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ParamSpec, Self, TypeVar

import httpx2 as httpx

from castcore_sdk.context import OAuthSession
from castcore_sdk.errors import AuthenticationError
from castcore_sdk.event import Event

P = ParamSpec("P")
R = TypeVar("R")

TOKEN = "canary-access-token-7d20ae"  # noqa: S105
"""What the session of a connected account sends; it may turn up nowhere."""


def no_network(request: httpx.Request) -> httpx.Response:
    """Refuse every request, as a machine without a network does."""
    raise httpx.ConnectError("no network in this test: give MemoryContext a transport", request=request)


class MemoryStore:
    """A document store in memory; documents have to be JSON, as in the real one."""

    def __init__(self) -> None:
        self._documents: dict[tuple[str, str], str] = {}

    async def get(self, collection: str, key: str, /) -> Mapping[str, Any] | None:
        """Return a copy of the document."""
        text = self._documents.get((collection, key))
        return None if text is None else dict(json.loads(text))

    async def put(self, collection: str, key: str, value: Mapping[str, Any], /) -> None:
        """Store a copy of the document. Raise TypeError or ValueError where it is not JSON."""
        self._documents[collection, key] = json.dumps(dict(value), allow_nan=False)

    async def delete(self, collection: str, key: str, /) -> None:
        """Remove the document."""
        self._documents.pop((collection, key), None)

    async def scan(self, collection: str, /, *, prefix: str = "") -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        """Yield copies in the order of the keys."""
        for found, key in sorted(self._documents):
            if found == collection and key.startswith(prefix):
                yield key, json.loads(self._documents[found, key])


class MemorySession:
    """The session of an account that is connected: its HTTP client sends ``token`` and reaches ``transport`` alone."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        token: str = TOKEN,
        account: str = "Test account",
        client_id: str = "test-client",
    ) -> None:
        self.account = account
        self.client_id = client_id
        self.token = token
        headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.AsyncClient(transport=transport or httpx.MockTransport(no_network), headers=headers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()


class _Records(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))


class MemoryContext:
    """A ``PluginContext`` without a host: ``async with MemoryContext() as context``.

    What the plugin logged is in ``lines``, what it published in ``events``. Its HTTP client reaches ``transport``
    alone, and no network where none is given.
    """

    def __init__(
        self,
        *,
        plugin_id: str = "test",
        instance_id: str | None = "1",
        transport: httpx.AsyncBaseTransport | None = None,
        account: OAuthSession | None = None,
    ) -> None:
        self.plugin_id = plugin_id
        self.instance_id = instance_id
        self.store = MemoryStore()
        self.lines: list[str] = []
        self.events: list[Event] = []
        self.log = self._logger()
        self._account = account
        self._transport = transport or httpx.MockTransport(no_network)
        self._http: httpx.AsyncClient | None = None
        self._data_dir: Path | None = None
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._closing.aclose()

    @property
    def http(self) -> httpx.AsyncClient:
        """A client that reaches the given transport."""
        if self._http is None:
            self._http = httpx.AsyncClient(transport=self._transport)
            self._closing.push_async_callback(self._http.aclose)
        return self._http

    @property
    def data_dir(self) -> Path:
        """A folder that is removed at the end."""
        if self._data_dir is None:
            self._data_dir = Path(self._closing.enter_context(TemporaryDirectory(prefix="castcore-")))
        return self._data_dir

    async def oauth(self) -> OAuthSession:
        """Return ``account``. Raise AuthenticationError where none was given."""
        if self._account is None:
            raise AuthenticationError("platforms.not_connected")
        return self._account

    async def run_blocking(self, func: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``func`` in a thread."""
        return await asyncio.to_thread(func, *args, **kwargs)

    async def emit(self, event: Event, /) -> None:
        """Keep the event."""
        self.events.append(copy.deepcopy(event))

    def _logger(self) -> logging.LoggerAdapter[logging.Logger]:
        logger = logging.Logger(f"castcore.plugin.{self.plugin_id}", logging.DEBUG)
        logger.addHandler(_Records(self.lines))
        return logging.LoggerAdapter(logger)
