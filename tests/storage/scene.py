"""A stage for the storage's tests: a kept source, and what is asked of it."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

from castcore_core.accounts.role import Role
from castcore_core.core import Core
from castcore_core.storage.client import Worker
from castcore_core.storage.keeper import Mount
from castcore_core.storage.models import StorageSource
from castcore_core.storage.service import Storage
from castcore_core.storage.source import StorageSources
from castcore_core.storage.worker.order import Order
from servers.awkward import Awkward


@dataclass
class Place:
    """One source in one life of the server."""

    core: Core
    faults: Awkward
    id: str

    @classmethod
    async def make(cls, core: Core, faults: Awkward, role: Role, **values: object) -> Place:
        """Keep a source of the awkward kind."""
        row = await core.get(StorageSources).create("NAS", "awkward", faults.config, role, **values)
        return cls(core, faults, str(row.id))

    @property
    def storage(self) -> Storage:
        return self.core.get(Storage)

    async def mount(self) -> Mount:
        """Return how the source does."""
        return self.storage.status(await StorageSource.get(id=self.id))

    async def until(self, condition: Callable[[Mount], object], within: float = 10.0) -> Mount:
        """Wait until the source does so."""
        deadline = time.monotonic() + within
        while not condition(found := await self.mount()):
            assert time.monotonic() < deadline, found
            await asyncio.sleep(0.02)
        return found

    async def process(self) -> psutil.Process:
        """Return the worker."""
        return psutil.Process((await self.until(lambda mount: mount.pid)).pid)

    async def url(self, path: str) -> str:
        """Return the address of a file."""
        found = await self.storage.locate(self.id, path)
        assert isinstance(found, str)
        return found


@dataclass
class Desk:
    """One worker without a server."""

    faults: Awkward
    worker: Worker
    order: Order

    def url(self, path: str) -> str:
        """Return the address of a file."""
        return self.worker.base + quote(path)

    async def until(self, condition: Callable[[dict[str, Any]], object], within: float = 10.0) -> None:
        """Wait until the worker reports so."""
        async with asyncio.timeout(within), aclosing(self.worker.attend()) as events:
            async for event in events:
                if event["event"] == "report" and condition(event):
                    return
        raise AssertionError("the worker has ended")


def order_of(faults: Awkward, **values: Any) -> Order:
    """Return what a worker needs to hold the awkward backend."""
    order = Order(
        source="11111111-2222-3333-4444-555555555555",
        plugin="awkward",
        module="castcore_awkward_plugin",
        extension="awkward",
        revision="1",
        data=str(faults.folder / "plugins"),
        path=tuple(os.path.abspath(each) for each in sys.path if each),
        config=faults.config,
    )
    return replace(order, **values)


@contextmanager
def opened_desk(folder: Path, faults: Awkward, **values: Any) -> Iterator[Desk]:
    """Start a worker and kill it at the end."""
    order = order_of(faults, **values)
    worker = asyncio.run(Worker.start(folder, order))
    try:
        yield Desk(faults, worker, order)
    finally:
        asyncio.run(worker.kill())
