"""The real server with one thing more: a job whose log never stops.

``python benchmarks/chatter.py`` serves as ``castcore serve --json`` does, and writes 400 lines a second into the log of
the job that ``BENCH_CHATTER`` names once that file has its id: as many as forty ffmpeg that each say all they may.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from castcore_core.config import load_configuration
from castcore_core.core import Core
from castcore_core.engine.logbook import Logbook
from castcore_core.feature import FEATURES, Feature
from castcore_core.runner.event import LogLine
from castcore_core.server.process import run_server

PER_SECOND = 400
_LINE = "[mpegts @ 0x5581f2] Packet corrupt (stream = 0, dts = 900000), dropping it. " * 4


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Talk for the server's life."""
    talking = asyncio.create_task(_talk(core.get(Logbook), Path(os.environ["BENCH_CHATTER"])))
    try:
        yield
    finally:
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)


async def _talk(logbook: Logbook, named: Path) -> None:
    while not named.exists():
        await asyncio.sleep(0.1)
    job, loop = named.read_text(), asyncio.get_running_loop()
    begun, seq = loop.time(), 0
    while True:
        await asyncio.sleep(0.02)
        while seq < (loop.time() - begun) * PER_SECOND:
            seq += 1
            line = f"{_LINE} {seq}"
            logbook.add(job, LogLine(seq=seq, at=time.time(), source="encoder", level="warning", line=line))


def _ready(address: str, core: Core) -> None:
    announced = [{"code": code, "params": params} for code, params in core.announcements]
    print(json.dumps({"address": address, "announcements": announced}), flush=True)


if __name__ == "__main__":
    run_server(load_configuration(), _ready, features=(*FEATURES, Feature("chatter", run="chatter:run")))
