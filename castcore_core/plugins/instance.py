"""One configured extension and the only way to call it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Generic, ParamSpec, TypeVar

from castcore_core.plugins.context import HostContext
from castcore_core.plugins.lane import Lane
from castcore_sdk import Extension

P = ParamSpec("P")
R = TypeVar("R")
E_co = TypeVar("E_co", bound="Extension[Any]", covariant=True)


class Instance(Generic[E_co]):
    """A plugin's extension behind the guard: ``await instance.call(instance.extension.open_broadcast, request)``."""

    def __init__(self, extension: E_co, context: HostContext, lane: Lane) -> None:
        self.extension = extension
        self.plugin = lane.plugin
        self._context = context
        self._lane = lane

    async def call(self, method: Callable[P, Awaitable[R]], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Await a coroutine method; see `Lane.call`."""
        return await self._lane.call(method, *args, **kwargs)

    def call_sync(self, method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a pure method; see `Lane.call_sync`."""
        return self._lane.call_sync(method, *args, **kwargs)

    def iterate(self, method: Callable[P, AsyncIterator[R]], /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[R]:
        """Go through what an async generator method yields; see `Lane.iterate`."""
        return self._lane.iterate(method, *args, **kwargs)

    async def start(self) -> None:
        """Let the extension acquire its resources."""
        await self.call(self.extension.start)

    async def close(self) -> None:
        """Let the extension release its resources, then close its context, whatever the plugin does."""
        try:
            await self._lane.release(self.extension.close)
        finally:
            await self._context.aclose()
