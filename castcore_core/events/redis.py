"""The bus between processes: Redis' publish and subscribe.

One connection listens to everything for the whole process and hands out inside it: fifty WebSocket clients cost Redis
nothing, a new subscription is in force at once, and nothing arrives twice where patterns overlap. While Redis is away,
events still reach this process' own subscriptions; afterwards everybody gets a resync.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import urlsplit

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from castcore_core.events.bus import RESYNC, Subscription, checked_channel
from castcore_core.events.memory import MemoryBus
from castcore_sdk.errors import TemporaryError

_CONNECT_S = 1.5
_LOOK_S = 1.0
"""How often the listener looks whether publishing has found the connection lost."""
_RETRY_S = (0.1, 0.2, 0.5, 1.0, 2.0)
_OUTAGE = (RedisError, OSError, TimeoutError)

_log = structlog.get_logger(__name__)


async def connect(url: str, prefix: str) -> RedisBus:
    """Return a bus on the Redis at ``url``; its channels begin with ``prefix``.

    Raises TemporaryError ``events.unreachable`` within 2 s.
    """
    place = urlsplit(url).netloc.rpartition("@")[2] or urlsplit(url).path
    client = Redis.from_url(
        url,
        socket_connect_timeout=_CONNECT_S,
        socket_timeout=None,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )
    bus = RedisBus(client, prefix, place)
    try:
        await asyncio.wait_for(bus.start(), _CONNECT_S)
    except _OUTAGE as error:
        await bus.close()
        raise bus.unreachable(error) from None
    return bus


class RedisBus:
    """Hand events to the subscriptions of every process on the same Redis and prefix."""

    def __init__(self, client: Redis, prefix: str, place: str) -> None:
        self._client = client
        self._prefix = f"{prefix}:"
        self._place = place
        self._local = MemoryBus()
        self._pubsub: PubSub = client.pubsub()
        self._listener: asyncio.Task[None] | None = None
        self._connected = False

    def unreachable(self, error: BaseException | None = None) -> TemporaryError:
        """Return the error that says where Redis was looked for."""
        reason = type(error).__name__ if error else "ConnectionError"
        return TemporaryError("events.unreachable", params={"place": self._place, "reason": reason})

    async def start(self) -> None:
        """Connect and begin to listen."""
        await self._attach()
        self._listener = asyncio.create_task(self._listen(), name="redis events")

    async def publish(self, channel: str, data: Mapping[str, Any]) -> None:
        """Tell every process; see :class:`~castcore_core.events.bus.Bus`."""
        text = json.dumps(data, separators=(",", ":"))
        checked_channel(channel)
        # What Redis will not bring back, this process still gets.
        if not self._connected or not await self._send(self._prefix + channel, text):
            self._local.hand_out(channel, text)

    def subscribe(self, *patterns: str, limit: int = 1000) -> AbstractAsyncContextManager[Subscription]:
        """Listen; see :class:`~castcore_core.events.bus.Bus`."""
        return self._local.subscribe(*patterns, limit=limit)

    async def check(self) -> None:
        """Raise TemporaryError ``events.unreachable`` while Redis is away."""
        if not self._connected:
            raise self.unreachable()

    async def close(self) -> None:
        """End every subscription and the connections."""
        self._connected = False
        if self._listener:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
            self._listener = None
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]
        await self._client.aclose()
        await self._local.close()

    async def _send(self, channel: str, text: str) -> bool:
        try:
            await asyncio.wait_for(self._client.publish(channel, text), _CONNECT_S)
        except _OUTAGE as error:
            self._note(connected=False, error=error)
            return False
        return True

    async def _attach(self) -> None:
        await self._pubsub.psubscribe(f"{self._prefix}*")
        while (await self._pubsub.get_message(timeout=None) or {}).get("type") != "psubscribe":
            pass
        self._note(connected=True)

    async def _listen(self) -> None:
        attempt = 0
        while True:
            try:
                if not self._connected:
                    await asyncio.wait_for(self._attach(), _CONNECT_S)
                    self._local.hand_out(RESYNC, "{}")
                attempt = 0
                await self._read()
            except _OUTAGE as error:
                self._note(connected=False, error=error)
            await self._pubsub.aclose()  # type: ignore[no-untyped-call]
            self._pubsub = self._client.pubsub()
            await asyncio.sleep(_RETRY_S[min(attempt, len(_RETRY_S) - 1)])
            attempt += 1

    async def _read(self) -> None:
        while self._connected:
            message = await self._pubsub.get_message(timeout=_LOOK_S)
            if message is not None and message["type"] == "pmessage":
                self._local.hand_out(message["channel"].decode().removeprefix(self._prefix), message["data"])

    def _note(self, *, connected: bool, error: BaseException | None = None) -> None:
        if connected != self._connected:
            self._connected = connected
            if connected:
                _log.info("redis connected", place=self._place)
            else:
                _log.warning("redis lost", place=self._place, error=type(error).__name__)
