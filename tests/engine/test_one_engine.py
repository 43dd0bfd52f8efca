"""One engine per data folder and per database."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from castcore_sdk.errors import PermanentError
from engine.scene import house
from runner.scene import Sink
from servers.castcore import server, start


def test_a_second_server_on_a_folder_is_refused_and_one_for_the_web_is_not(data: Path) -> None:
    with server(data) as first:
        second = start(data)
        output, _ = second.process.communicate(timeout=20)
        assert "server.already_running" in output
        assert second.process.returncode != 0
        with server(data, CASTCORE_ROLE="web"):
            pass
        first.stop(signal.SIGKILL)
    with server(data):
        pass


async def test_a_web_server_commands_and_the_engine_obeys(data: Path, sink: Sink) -> None:
    async with house(data, CASTCORE_ROLE="web") as web:
        job = await web.job("news", sink.url, "a")
        await web.commands.start(job)
    async with house(data) as home:
        await home.reach(job, "running")
        with pytest.raises(PermanentError, match=r"server\.already_running"):
            await asyncio.create_task(_open(data))


async def _open(data: Path) -> None:
    from castcore_core.config import DataFolder
    from castcore_core.db import Target
    from castcore_core.engine.lock import engine_lock

    folder = DataFolder(data)
    async with engine_lock(folder.run, Target.parse(f"sqlite:///{data}/castcore.db"), lambda: None):
        pass
