"""Accounts as a part of the server's life."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from castcore_core.core import Core
from castcore_core.platforms.device import DeviceGrants
from castcore_core.platforms.metadata import Metadata
from castcore_core.platforms.service import PlatformAccounts
from castcore_core.platforms.token import AccountTokens
from castcore_core.platforms.visit import Visits


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Provide what others ask of accounts; renew their tokens, and ask for those that are to come."""
    tokens = AccountTokens(core)
    core.provide(tokens)
    core.provide(PlatformAccounts(core))
    core.provide(Visits(core))
    core.provide(Metadata(core))
    grants = DeviceGrants(core)
    core.provide(grants)
    tasks = [asyncio.create_task(grants.keep(), name="device codes")]
    if core.configuration.role != "web":
        tasks.append(asyncio.create_task(tokens.keep(), name="account tokens"))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await tokens.aclose()
