"""A receiver of webhooks and chat messages: a real HTTP server that tests can make slow, busy or deaf."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx

from castcore_sdk.testing import loopback

SECRET = "whsec_Y2FuYXJ5LXdlYmhvb2stc2VjcmV0LTdmM2E5Yw=="


@dataclass
class ChatServer:
    """What was said to it, in order; ``answer`` may be replaced at any time."""

    loop: asyncio.AbstractEventLoop
    url: str = ""
    answer: Callable[[httpx.Request], httpx.Response] = lambda request: httpx.Response(204)
    requests: list[httpx.Request] = field(default_factory=list)
    taken: list[httpx.Request] = field(default_factory=list)
    """Those that were answered with 2xx."""
    free: threading.Event = field(default_factory=threading.Event)
    """Cleared: every request hangs until it is set."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def serve(self, request: httpx.Request) -> httpx.Response:
        """Answer in a thread of its own."""
        self.requests.append(request)
        self.loop.call_soon_threadsafe(self._changed.set)
        assert self.free.wait(30)
        answer = self.answer(request)
        if answer.is_success:
            self.taken.append(request)
            self.loop.call_soon_threadsafe(self._changed.set)
        return answer

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages that were taken."""
        return [json.loads(request.read()) for request in list(self.taken)]

    def heard(self) -> list[tuple[str, dict[str, Any]]]:
        """Return event and parameters of the messages that were taken."""
        return [(message["event"], message["params"]) for message in self.messages]

    async def wait(self, count: int) -> list[dict[str, Any]]:
        """Wait until ``count`` messages were taken, and return them all."""
        await self.until(lambda: len(self.taken) >= count)
        return self.messages

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until a request makes something true."""
        async with asyncio.timeout(20):
            while not true():
                self._changed.clear()
                if not true():
                    await self._changed.wait()

    def target(self, name: str = "Night shift", **values: Any) -> dict[str, Any]:
        """Return what makes a target of it."""
        config = {"url": f"{self.url}/hook", "secret": SECRET, "private_addresses": True}
        return {"name": name, "type": "webhook", "config": config, **values}


@asynccontextmanager
async def chat_server() -> AsyncIterator[ChatServer]:
    """Start one."""
    chat = ChatServer(asyncio.get_running_loop())
    chat.free.set()
    with loopback(chat.serve) as chat.url:
        try:
            yield chat
        finally:
            chat.free.set()
