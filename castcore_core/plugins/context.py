"""What a plugin may use of the host."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from castcore_core.plugins.pool import ThreadPool
from castcore_core.plugins.secret import Scrubber
from castcore_core.plugins.store import FileStore
from castcore_sdk import AuthenticationError, Event, OAuthSession

if TYPE_CHECKING:
    import httpx2

P = ParamSpec("P")
R = TypeVar("R")
Emit = Callable[[str, Event], Awaitable[None]]
"""Takes the plugin id and the event."""


class HeldSession(OAuthSession, Protocol):
    """A session that is closed with the context it was opened for."""

    async def aclose(self) -> None:
        """Close its HTTP client. May be called twice."""


Connect = Callable[[], Awaitable[HeldSession]]
"""Opens a session of the account that a saved configuration names; raises AuthenticationError."""

_LONGEST_LINE = 16_000
_HTTP_LIMIT = timedelta(seconds=20)


class ScrubbingLog(logging.LoggerAdapter[logging.Logger]):
    """A plugin's log without its secrets, also in exceptions, and with its id on every record."""

    def __init__(self, plugin: str, scrub: Scrubber) -> None:
        super().__init__(logging.getLogger(f"castcore.plugin.{plugin}"), {"plugin": plugin})
        self._scrub = scrub

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Write one line as `logging.Logger.log` does; what cannot be formatted is written as it is."""
        if not self.isEnabledFor(level):
            return
        try:
            text = str(msg) % args if args else str(msg)
        except (TypeError, ValueError, KeyError):
            text = f"{msg} {args}"
        shown = kwargs.get("exc_info")
        if isinstance(shown, BaseException):
            text += "\n" + "".join(traceback.format_exception(shown))
        elif shown:
            text += "\n" + traceback.format_exc()
        place = int(kwargs.get("stacklevel", 1)) + 1
        self.logger.log(level, "%s", self._scrub(text)[:_LONGEST_LINE], extra=self.extra, stacklevel=place)


class HostContext:
    """The host's `castcore_sdk.PluginContext`, for a plugin or for one of its configured extensions."""

    def __init__(
        self,
        plugin: str,
        instance: str | None,
        *,
        folder: Path,
        pool: ThreadPool,
        emit: Emit,
        secrets: Iterable[str] = (),
        connect: Connect | None = None,
        films: bool = False,
    ) -> None:
        """Make it; ``films`` is for what reads whole films over HTTP, whose answers have no end."""
        self._plugin = plugin
        self._instance = instance
        self._folder = folder
        self._pool = pool
        self._emit = emit
        self._connect = connect
        self._films = films
        self._session: HeldSession | None = None
        self._connecting = asyncio.Lock()
        self._http: httpx2.AsyncClient | None = None
        self._log = ScrubbingLog(plugin, Scrubber(secrets))
        self._store = FileStore(folder / "documents")

    @property
    def plugin_id(self) -> str:
        """Return the id of the plugin."""
        return self._plugin

    @property
    def instance_id(self) -> str | None:
        """Return the id of the configured extension, None for the plugin itself."""
        return self._instance

    @property
    def log(self) -> logging.LoggerAdapter[logging.Logger]:
        """Return a log whose lines are scrubbed."""
        return self._log

    @property
    def http(self) -> httpx2.AsyncClient:
        """Return an HTTP client whose answers are capped, made at the first use and closed with the context."""
        if self._http is None:
            import httpx2

            from castcore_core.plugins.answer import cap

            limits = httpx2.Limits(max_connections=20, max_keepalive_connections=5)
            hooks = {"response": [] if self._films else [cap]}
            self._http = httpx2.AsyncClient(timeout=_HTTP_LIMIT.total_seconds(), limits=limits, event_hooks=hooks)
        return self._http

    @property
    def store(self) -> FileStore:
        """Return the plugin's documents."""
        return self._store

    @property
    def data_dir(self) -> Path:
        """Return a folder for the plugin's own files, made at the first use, closed to other users."""
        folder = self._folder / "files"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    async def oauth(self) -> OAuthSession:
        """Return a session of the connected account, opened at the first use and closed with the context.

        Raises AuthenticationError ``platforms.not_connected`` where there is none.
        """
        if self._connect is None:
            raise AuthenticationError("platforms.not_connected")
        async with self._connecting:
            if self._session is None:
                self._session = await self._connect()
            return self._session

    async def run_blocking(self, func: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run blocking code in the plugin's own threads. Raises TemporaryError ``plugins.too_busy``."""
        return await self._pool.run(func, *args, **kwargs)

    async def emit(self, event: Event, /) -> None:
        """Hand an event to the host."""
        await self._emit(self._plugin, event)

    async def aclose(self) -> None:
        """Close the HTTP clients. May be called twice."""
        client, self._http = self._http, None
        session, self._session = self._session, None
        for each in (client, session):
            if each is not None:
                await each.aclose()
