"""A destination with a host, as tests use it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import httpx2 as httpx
import pytest
from youtube_double import YouTube

from castcore_sdk import BroadcastMetadata, BroadcastRequest, CastCoreError, parse_config
from castcore_sdk.testing import MemoryContext, MemorySession
from castcore_youtube.configuration import YoutubeConfig
from castcore_youtube.destination import YoutubeDestination

T = TypeVar("T")


class Stage:
    """What a test has in hand: the destination, its host, and the platform."""

    def __init__(self, platform: YouTube, context: MemoryContext, session: MemorySession) -> None:
        self.platform = platform
        self.context = context
        self.session = session

    def destination(self, **config: Any) -> YoutubeDestination:
        """Return a destination as a new process would make it: nothing is left but the store."""
        return YoutubeDestination(parse_config(YoutubeConfig, config), self.context)


def play(platform: YouTube, run: Callable[[Stage], Awaitable[T]], token: str | None = None) -> T:
    """Run a test's coroutine with a connected account."""

    async def main() -> T:
        session = MemorySession(httpx.AsyncHTTPTransport(verify=False), token=token or platform.token())
        async with session, MemoryContext(account=session) as context:
            return await run(Stage(platform, context, session))

    return asyncio.run(main())


@contextmanager
def refused(kind: type[CastCoreError], code: str) -> Iterator[pytest.ExceptionInfo[CastCoreError]]:
    """Expect an error of this class, with this code of the plugin."""
    with pytest.raises(kind) as caught:
        yield caught
    assert caught.value.code == f"youtube.{code}"


def request(
    name: str = "output-1.7", title: str = "Nachrichten", *, at: datetime | None = None, **more: Any
) -> BroadcastRequest:
    """Return a request for a broadcast."""
    return BroadcastRequest(broadcast_id=name, metadata=BroadcastMetadata(title=title, **more), starts_at=at)
