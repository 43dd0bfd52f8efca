"""What the tests of platforms' plugins share."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from castcore_core.core import Core
from castcore_core.engine.board import Board
from castcore_core.engine.schemas import JobStatus, OutputStatus
from castcore_core.plugins.contract import Contribution
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.offer import Kind, Offer
from castcore_sdk import Destination
from servers.staff import Visitor

PATTERN = {"kind": "test", "width": 160, "height": 90, "fps": 15}


def register(core: Core, plugin: str, kind: type[Destination[Any]]) -> None:
    """Bring a plugin's destination into a core that runs in this process, where it is not there already."""
    registry = core.get(PluginHost).registry
    if kind.id not in registry.destinations:
        assert registry.add(plugin, [Contribution(Offer(Kind.DESTINATION, kind.id), kind)]) is None


async def make(page: Visitor, path: str, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    """Post something and return what came of it."""
    reply = await page("POST", path, body)
    assert reply.status == status, reply.body
    return dict(reply.body)


async def job_of(page: Visitor, destination: dict[str, Any], name: str = "Morgenmagazin") -> str:
    """Keep a job that sends to one destination and return its id."""
    outputs = [{"destination_id": destination["id"]}]
    return str((await make(page, "/stream-jobs", {"name": name, "source": PATTERN, "outputs": outputs}))["id"])


async def until(core: Core, job_id: str, condition: Callable[[JobStatus], Any], within: float = 20.0) -> JobStatus:
    """Wait until a job's status fulfils something, and return it."""
    board, changed = core.get(Board), asyncio.Event()
    with board.listen(lambda told, _: changed.set() if told == job_id else None):
        deadline = time.monotonic() + within
        while True:
            status = board.get(job_id) or JobStatus(job_id=job_id)
            if condition(status):
                return status
            left = deadline - time.monotonic()
            assert left > 0, status.model_dump_json(indent=1)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), min(left, 0.2))
            changed.clear()


def only(status: JobStatus) -> OutputStatus:
    """Return the only output."""
    (output,) = status.outputs.values() if isinstance(status.outputs, dict) else status.outputs
    return output


def verdict(status: JobStatus) -> Any:
    """Return what the platform says of the only output, None where it says nothing yet."""
    return only(status).verdict if status.outputs else None


async def labelled(page: Visitor, account: dict[str, Any], within: float = 10.0) -> dict[str, Any]:
    """Wait until an account is connected and has its name, and return it."""
    async with asyncio.timeout(within):
        while not (found := (await page("GET", f"/platform-accounts/{account['id']}")).body)["label"]:
            await asyncio.sleep(0.05)
    return dict(found)


def no_secret_in(folder: Path, secrets: Iterable[str]) -> None:
    """Look into every file that the server wrote: keys and tokens are nowhere in the clear."""
    wanted = [secret.encode() for secret in secrets]
    for file in folder.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not any(secret in content for secret in wanted), f"a secret is in {file.name}"


async def settle(condition: Callable[[], Any], within: float = 10.0) -> None:
    """Wait until something of another thread is true."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.05)
