"""The bus inside one process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from castcore_core.events.bus import Event, Subscription, checked_channel


class MemoryBus:
    """Hand events to the subscriptions of this process."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._closed = False

    async def publish(self, channel: str, data: Mapping[str, Any]) -> None:
        """Tell every matching subscription; see :class:`~castcore_core.events.bus.Bus`."""
        # Through JSON also here, so that what works in one process works between two, and nobody shares an object.
        self.hand_out(checked_channel(channel), json.dumps(data, separators=(",", ":")))

    @asynccontextmanager
    async def subscribe(self, *patterns: str, limit: int = 1000) -> AsyncIterator[Subscription]:
        """Listen; see :class:`~castcore_core.events.bus.Bus`."""
        subscription = Subscription(patterns, limit)
        self._subscriptions.add(subscription)
        if self._closed:
            subscription.end()
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def hand_out(self, channel: str, text: str | bytes) -> None:
        """Give the JSON ``text`` to every subscription that matches."""
        matching = [subscription for subscription in self._subscriptions if subscription.matches(channel)]
        if matching:
            event = Event(channel, json.loads(text))
            for subscription in matching:
                subscription.offer(event)

    async def check(self) -> None:
        """Do nothing: there is no connection that could be lost."""

    async def close(self) -> None:
        """End every subscription."""
        self._closed = True
        for subscription in self._subscriptions:
            subscription.end()
