"""The services of jobs as a part of the server's life."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from castcore_core.core import Core
from castcore_core.streams.broadcast import Broadcasts
from castcore_core.streams.command import Commands
from castcore_core.streams.planning import JobPlanner
from castcore_core.streams.service import Jobs


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Provide what others ask of jobs; destinations that are open are let go of at the end."""
    broadcasts = Broadcasts(core)
    core.provide(broadcasts)
    for service in (JobPlanner(core), Jobs(core), Commands(core)):
        core.provide(service)
    try:
        yield
    finally:
        await broadcasts.aclose()
