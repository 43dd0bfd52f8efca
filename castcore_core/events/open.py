"""Open the bus that the configuration asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from castcore_core.events.bus import Bus
from castcore_core.events.memory import MemoryBus


@asynccontextmanager
async def open_bus(redis_url: str | None = None, *, prefix: str = "castcore") -> AsyncIterator[Bus]:
    """Open the memory bus, or the Redis bus where a URL is given, and close it at the end.

    Raises TemporaryError ``events.unreachable`` within 2 s where Redis does not answer.
    """
    if redis_url is None:
        bus: Bus = MemoryBus()
    else:
        # Imported on use: a server without Redis starts faster and smaller without its client.
        from castcore_core.events.redis import connect

        bus = await connect(redis_url, prefix)
    try:
        yield bus
    finally:
        await bus.close()
