"""Fifty viewers of one busy log: those who keep up lose nothing, and those who do not slow nobody."""

from __future__ import annotations

import asyncio
import json
import socket
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from chatter import PER_SECOND
from figure import Figure
from service import Service
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from castcore_core.ffmpeg.build import FFmpegBuild

_VIEWERS = 50
_QUICK = 25
_SETTLE_SECONDS = 5.0
"""So long the kernel takes for those who do not read, and so long it takes those who read again to catch up."""
_SECONDS = 8.0
_PAIRS = 3
_SMALL = 4096
_SEGMENT = 1460
"""A viewer who may stop reading has the buffers of one behind Ethernet: on loopback segments are 64 KiB long, and the
kernel would take megabytes for somebody who does not read."""


class Viewer:
    """One who watches the log, and stops reading while told to."""

    def __init__(self, socket_: ClientConnection) -> None:
        self.reads = asyncio.Event()
        self.reads.set()
        self.lost = 0
        self.lines = 0
        self.delays: list[float] = []
        """Seconds from the line's writing to its reading."""
        self._socket = socket_

    async def watch(self) -> None:
        """Read until the connection ends."""
        try:
            while True:
                await self.reads.wait()
                self._take(json.loads(await self._socket.recv()))
        except ConnectionClosed:
            return

    def _take(self, frame: dict[str, object]) -> None:
        now = time.time()
        events = frame["events"]
        assert isinstance(events, list)
        assert isinstance(frame["lost"], int)
        self.lost += frame["lost"]
        lines = [event["data"] for event in events if event["type"] == "line"]
        self.lines += len(lines)
        self.delays += [now - line["at"] for line in lines]


async def measure(build: FFmpegBuild, folder: Path) -> list[Figure]:
    """Return the figures of this area. All read, then half of them stop, in turns over the same connections."""
    named = folder / "chatter"
    command = (sys.executable, str(Path(__file__).with_name("chatter.py")))
    with Service(folder / "viewer", *command, BENCH_CHATTER=str(named)) as service:
        service.wait_healthy()
        job = service.add_job("busy", "rtmp://127.0.0.1:1/live/busy")
        async with _viewers(service, job) as viewers:
            named.write_text(job)
            await asyncio.sleep(2.0)
            pairs = [(await _round(viewers, stalled=0), await _round(viewers, stalled=_QUICK)) for _ in range(_PAIRS)]
            for one in viewers:
                one.reads.set()
            await asyncio.sleep(_SETTLE_SECONDS)
    quick, slow = viewers[:_QUICK], viewers[_QUICK:]
    if not all(one.lost for one in slow):
        raise RuntimeError("those who stopped reading lost nothing: they were not slow")
    alone, beside = (statistics.median(each) for each in zip(*pairs, strict=True))
    return [
        Figure(
            name=f"lines lost by {_QUICK} of {_VIEWERS} viewers who keep up, {PER_SECOND} lines a second",
            value=sum(one.lost for one in quick),
            unit="",
            reference=sum(one.lost for one in slow),
            reference_name=f"lost by those who stop reading; {sum(one.lines for one in quick)} lines came",
            bound=0,
        ),
        Figure(
            name=f"delay of a line at the worst viewer who keeps up, {_QUICK} slow ones ÷ all read, median of pairs",
            value=statistics.median(slowed / free for free, slowed in pairs),
            unit="×",
            reference=1.0,
            reference_name=f"99th percentile; all read {1000 * alone:.0f} ms, slow ones present {1000 * beside:.0f} ms",
            bound=1.5,
        ),
    ]


async def _round(viewers: list[Viewer], *, stalled: int) -> float:
    """Return the delay of the worst quick one, in seconds, while the last ``stalled`` do not read.

    It is the 99th percentile: the very longest tells of the machine.
    """
    for one in viewers[_VIEWERS - stalled :] if stalled else []:
        one.reads.clear()
    for one in viewers[: _VIEWERS - stalled]:
        one.reads.set()
    await asyncio.sleep(_SETTLE_SECONDS)
    for one in viewers:
        one.delays.clear()
    await asyncio.sleep(_SECONDS)
    return max(statistics.quantiles(one.delays, n=100)[98] for one in viewers[:_QUICK])


@asynccontextmanager
async def _viewers(service: Service, job: str) -> AsyncIterator[list[Viewer]]:
    place = urlsplit(service.socket_address)
    async with AsyncExitStack() as stack:
        viewers, tasks = [], []
        for number in range(_VIEWERS):
            plain = socket.socket()
            if number >= _QUICK:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL)
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT)
            plain.setblocking(False)
            await asyncio.get_running_loop().sock_connect(plain, (place.hostname, place.port))
            connection = await stack.enter_async_context(
                connect(
                    f"{service.socket_address}/ws/logs/{job}",
                    sock=plain,
                    additional_headers=service.authorization,
                    compression="deflate" if number < _QUICK else None,
                    max_queue=1,
                    max_size=None,
                    ping_interval=None,
                    close_timeout=0.1,
                )
            )
            viewers.append(Viewer(connection))
            tasks.append(asyncio.create_task(viewers[-1].watch()))
        try:
            yield viewers
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
