"""CPU time and memory of delivering: how little a further destination costs."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

from figure import Figure
from process import SinkProcess, cpu_seconds, ffmpeg_children, pss_bytes
from stream import COPY, PRESETS, drain, encoder_arguments, file_source, make_clip, make_plan, running, wait_for_video

from castcore_core.ffmpeg.build import FFmpegBuild
from castcore_core.rtmp import Endpoint, publish
from castcore_core.runner.flv import FlvParser
from castcore_core.streams.source import parse_source

WARM_SECONDS = 2.0
WINDOW_SECONDS = 6.0
_ROUNDS = 3


async def measure(build: FFmpegBuild, folder: Path) -> list[Figure]:
    """Return the figures of this area."""
    small = make_clip(build, folder / "moving.mkv", size="1280x720", bitrate="3M", seconds=20, noise=0)
    heavy = make_clip(build, folder / "heavy.mkv", size="1280x720", bitrate="4M", seconds=20)
    return [
        *await _encode_once(build, folder, small),
        *await _fan_out(build, folder, heavy),
        await _push_in(build, folder, small),
    ]


async def _encode_once(build: FFmpegBuild, folder: Path, clip: Path) -> list[Figure]:
    with SinkProcess() as sink:
        rounds = [await _pair(build, folder, clip, sink, number) for number in range(_ROUNDS)]
        planned = await make_plan(build, file_source(clip), [sink.url("x")], PRESETS["source"])
        encode = encoder_arguments(planned)
        naive = await _plain([_ffmpeg(build, clip, encode, sink.url(f"n{number}")) for number in range(4)], sink, "n0")
        single = await _plain([_ffmpeg(build, clip, encode, sink.url("s0"))], sink, "s0")
        slaves = "|".join(f"[f=fifo:fifo_format=flv:onfail=ignore]{sink.url(f't{number}')}" for number in range(4))
        tee = await _plain(
            [_ffmpeg(build, clip, [*encode, "-flags", "+global_header", "-f", "tee"], slaves)], sink, "t0"
        )
    name = "CPU of 4 RTMP destinations ÷ 1, 720p30 encode, median of pairs"
    return [
        Figure(
            name=name,
            value=median(four / one for one, four in rounds),
            unit="×",
            reference=naive / single,
            reference_name="one ffmpeg per destination",
            bound=1.10,
        ),
        Figure(name=f"{name}: ffmpeg tee+fifo", value=tee / single, unit="×"),
        Figure(
            name="CPU of encoding 720p30 to 1 RTMP destination",
            value=median(one for one, _ in rounds),
            unit="cores",
            reference=single,
            reference_name="plain ffmpeg",
        ),
    ]


async def _pair(build: FFmpegBuild, folder: Path, clip: Path, sink: SinkProcess, turn: int) -> tuple[float, float]:
    """Return the cores of one destination and of four, measured one after the other."""
    one = await _encoding(build, folder, clip, [sink.url(f"a{turn}")])
    four = await _encoding(build, folder, clip, [sink.url(f"b{turn}-{number}") for number in range(4)])
    return one, four


async def _encoding(build: FFmpegBuild, folder: Path, clip: Path, urls: Sequence[str]) -> float:
    planned = await make_plan(build, file_source(clip), urls, PRESETS["source"])
    async with running(planned, folder / "run") as client:
        return await _cores([client.hello.identity.pid], lambda seconds: drain(client, seconds))


async def _fan_out(build: FFmpegBuild, folder: Path, clip: Path) -> list[Figure]:
    with SinkProcess() as sink:
        urls = [sink.url(f"f{number}") for number in range(4)]
        planned = await make_plan(build, file_source(clip), urls, COPY)
        async with running(planned, folder / "run") as client:
            pid = client.hello.identity.pid
            ours = await _cores([pid], lambda seconds: drain(client, seconds))
            memory = pss_bytes(pid)
        slaves = "|".join(f"[f=fifo:fifo_format=flv:onfail=ignore]{sink.url(f'g{number}')}" for number in range(4))
        copy = ["-c", "copy", "-map", "0:v", "-map", "0:a", "-f", "tee"]
        tee = await _plain([_ffmpeg(build, clip, copy, slaves)], sink, "g0")
    return [
        Figure(
            name="CPU of 4 × 4 Mbit/s copy, runner and its ffmpeg, ÷ ffmpeg tee+fifo",
            value=ours / tee,
            unit="×",
            reference=1.0,
            reference_name=f"tee: {tee:.3f} cores, ours {ours:.3f}",
            bound=2.0,
        ),
        Figure(name="memory of a runner with 4 RTMP destinations (PSS)", value=memory / 1e6, unit="MB", bound=30.0),
    ]


async def _push_in(build: FFmpegBuild, folder: Path, clip: Path) -> Figure:
    """A publisher pushes to the runner, which hands it to four servers."""
    with SinkProcess() as sink:
        port = _free_port()
        source = parse_source(f"listen:rtmp://127.0.0.1:{port}/live/bench")
        planned = await make_plan(build, source, [sink.url(f"p{number}") for number in range(4)], COPY)
        async with _pushing(build, clip, port), running(planned, folder / "run") as client:
            await drain(client, WARM_SECONDS)
            children = ffmpeg_children(client.hello.identity.pid)
        arrived = [count[1] for key, count in sink.counts().items() if key.startswith("p")]
        if len(arrived) != 4 or min(arrived) < 10:
            raise RuntimeError(f"the pushed stream did not arrive everywhere: {arrived}")
    return Figure(name="ffmpeg processes of RTMP push-in → 4 RTMP destinations", value=children, unit="", bound=0)


@asynccontextmanager
async def _pushing(build: FFmpegBuild, clip: Path, port: int) -> AsyncIterator[None]:
    """Push the clip with our own publisher, in real time, as soon as somebody listens."""
    flv = subprocess.run(
        [build.path, "-v", "error", "-i", str(clip), "-c", "copy", "-f", "flv", "-"], capture_output=True, check=True
    ).stdout
    tags = FlvParser().feed(flv)

    async def push() -> None:
        endpoint = Endpoint.parse(f"rtmp://127.0.0.1:{port}/live/bench")
        for _ in range(100):
            try:
                publisher = await publish(endpoint)
                break
            except Exception:
                await asyncio.sleep(0.1)
        started = asyncio.get_running_loop().time()
        for tag in tags:
            await asyncio.sleep(max(0.0, started + tag.timestamp / 1000 - asyncio.get_running_loop().time()))
            publisher.send(tag)

    task = asyncio.create_task(push())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _ffmpeg(build: FFmpegBuild, clip: Path, options: Sequence[str], output: str) -> list[str]:
    """Return a plain ffmpeg in real time; ``options`` name the muxer where it is not FLV."""
    front = [build.path, "-hide_banner", "-loglevel", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i", str(clip)]
    return [*front, *options, *([] if "tee" in options else ["-f", "flv"]), output]


async def _plain(commands: Sequence[Sequence[str]], sink: SinkProcess, key: str) -> float:
    processes = [subprocess.Popen(command) for command in commands]
    try:
        await wait_for_video(sink, key)
        return await _cores([process.pid for process in processes], asyncio.sleep)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(10)


async def _cores(pids: Sequence[int], pause: Callable[[float], Awaitable[None]]) -> float:
    """Return the cores that process trees use on average over the window."""
    await pause(WARM_SECONDS)
    loop = asyncio.get_running_loop()
    begun, before = loop.time(), sum(cpu_seconds(pid) for pid in pids)
    await pause(WINDOW_SECONDS)
    return (sum(cpu_seconds(pid) for pid in pids) - before) / (loop.time() - begun)


def _free_port() -> int:
    from socket import socket

    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
