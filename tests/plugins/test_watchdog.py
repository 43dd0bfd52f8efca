"""What blocks the event loop is named."""

from __future__ import annotations

import asyncio
import time

from castcore_core.plugins.breadcrumb import Trail
from castcore_core.plugins.guard import Guard
from castcore_core.plugins.watchdog import Blockage, Watchdog


async def watch(block, owner=lambda file: None) -> tuple[Blockage, Trail]:
    trail = Trail()
    told: asyncio.Queue[Blockage] = asyncio.Queue()
    dog = Watchdog(asyncio.get_running_loop(), trail, limit=0.1, owner=owner, report=told.put_nowait)
    dog.start()
    try:
        await block(Guard(trail))
        return await asyncio.wait_for(told.get(), 2), trail
    finally:
        await asyncio.to_thread(dog.stop)


async def test_the_plugin_call_that_blocks_is_named_among_many() -> None:
    async def sleepy() -> None:
        await asyncio.sleep(0.01)
        time.sleep(0.4)

    async def innocent() -> None:
        await asyncio.sleep(1)

    async def block(guard: Guard) -> None:
        waiting = asyncio.create_task(guard.lane("good", "e").call(innocent))
        await guard.lane("bad", "e").call(sleepy)
        waiting.cancel()

    blockage, _ = await watch(block)
    assert blockage.crumb is not None
    assert (blockage.crumb.plugin, blockage.crumb.extension, blockage.crumb.method) == ("bad", "e", "sleepy")
    assert "time.sleep(0.4)" in blockage.stack
    assert 0.1 <= blockage.seconds < 2


async def test_a_callback_of_a_plugin_is_found_by_its_file() -> None:
    async def block(guard: Guard) -> None:
        asyncio.get_running_loop().call_soon(time.sleep, 0.01)
        asyncio.get_running_loop().call_soon(lambda: time.sleep(0.4))
        await asyncio.sleep(0.02)

    blockage, _ = await watch(block, owner=lambda file: "here" if file == __file__ else None)
    assert blockage.crumb is not None
    assert blockage.crumb.plugin == "here"


async def test_the_cores_own_code_is_not_blamed_on_a_plugin() -> None:
    async def block(guard: Guard) -> None:
        time.sleep(0.4)

    blockage, _ = await watch(block)
    assert blockage.crumb is None
