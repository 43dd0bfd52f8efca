"""A destination with a host, as tests use it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx2 as httpx
import pytest
from twitch_double import Twitch

from castcore_sdk import BroadcastMetadata, BroadcastRequest, CastCoreError, parse_config
from castcore_sdk.testing import MemoryContext, MemorySession
from castcore_twitch.configuration import TwitchConfig
from castcore_twitch.destination import TwitchDestination

T = TypeVar("T")


class Stage:
    """What a test has in hand: the destination, its host, and the platform."""

    def __init__(self, context: MemoryContext, session: MemorySession) -> None:
        self.context = context
        self.session = session

    def destination(self, **config: Any) -> TwitchDestination:
        """Return a destination as a new process would make it: nothing is left but the store."""
        return TwitchDestination(parse_config(TwitchConfig, {"protocol": "rtmp", **config}), self.context)


def play(platform: Twitch, run: Callable[[Stage], Awaitable[T]], token: str | None = None) -> T:
    """Run a test's coroutine with a connected account."""

    async def main() -> T:
        transport = httpx.AsyncHTTPTransport(verify=False)
        session = MemorySession(transport, token=token or platform.token(), client_id=platform.client)
        async with session, MemoryContext(account=session, transport=transport) as context:
            return await run(Stage(context, session))

    return asyncio.run(main())


@contextmanager
def refused(kind: type[CastCoreError], code: str) -> Iterator[pytest.ExceptionInfo[CastCoreError]]:
    """Expect an error of this class, with this code of the plugin."""
    with pytest.raises(kind) as caught:
        yield caught
    assert caught.value.code == f"twitch.{code}"


def request(
    name: str = "output-1.7", title: str = "Nachrichten", *, push: bool = False, **more: Any
) -> BroadcastRequest:
    """Return a request for a broadcast."""
    return BroadcastRequest(broadcast_id=name, metadata=BroadcastMetadata(title=title, **more), push_metadata=push)
