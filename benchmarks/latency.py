"""How long a tag takes from the bus to a server, and how soon a destination that is added has a keyframe."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from figure import Figure
from process import SinkProcess
from stream import COPY, drain, file_source, make_clip, make_plan, running

from castcore_core.ffmpeg.build import FFmpegBuild
from castcore_core.rtmp.tag import Tag, TagKind
from castcore_core.runner.bus import Bus
from castcore_core.runner.egress.output import Output
from castcore_core.runner.egress.rtmp import RtmpOpener
from castcore_core.runner.flv import HEADER, FlvParser, pack
from castcore_core.runner.plan import OutputPlan, RtmpEndpoint

_SECONDS = 6
_ADDITIONS = 12


async def measure(build: FFmpegBuild, folder: Path) -> list[Figure]:
    """Return the figures of this area."""
    tags = _video(build, make_clip(build, folder / "heavy.mkv", size="1280x720", bitrate="4M", seconds=20))
    median, late = await _bus_to_server(tags)
    child_median, child_late = await _ffmpeg_to_server(build, tags)
    added = await _hot_add(build, folder)
    name = "from the write on the bus to the tag parsed at the server, 4 × 4 Mbit/s"
    return [
        Figure(
            name=f"{name}, median",
            value=median,
            unit="ms",
            reference=child_median,
            reference_name="FLV → ffmpeg -c copy, 1 destination",
            bound=2.0,
        ),
        Figure(
            name=f"{name}, 95th percentile",
            value=late,
            unit="ms",
            reference=child_late,
            reference_name="FLV → ffmpeg -c copy, 1 destination",
            bound=10.0,
        ),
        Figure(
            name="from the order to add a destination to its first keyframe at the server, median",
            value=statistics.median(added),
            unit="ms",
            reference=max(added),
            reference_name="the slowest",
            bound=50.0,
        ),
    ]


def _video(build: FFmpegBuild, clip: Path) -> list[Tag]:
    """Return the clip's video tags, the decoder's configuration first."""
    command = [build.path, "-v", "error", "-i", str(clip), "-c", "copy", "-an", "-t", str(_SECONDS), "-f", "flv", "-"]
    flv = subprocess.run(command, capture_output=True, check=True).stdout
    return [tag for tag in FlvParser().feed(flv) if tag.kind is TagKind.VIDEO]


async def _play(tags: list[Tag], publish: Callable[[Tag], object]) -> dict[int, int]:
    """Publish the tags in real time; return when each was published, in ns by its timestamp."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    published = {}
    for tag in tags:
        await asyncio.sleep(max(0.0, begun + tag.timestamp / 1000 - loop.time()))
        if not tag.is_sequence_header:
            published[tag.timestamp] = time.monotonic_ns()
        publish(tag)
    await asyncio.sleep(0.3)
    return published


def _spread(published: dict[int, int], stamps: list[tuple[str, int, int, str]]) -> tuple[float, float]:
    """Return median and 95th percentile, in milliseconds, of the way of each tag."""
    delays = [(arrived - published[stamp]) / 1e6 for _, arrived, stamp, _ in stamps if stamp in published]
    return statistics.median(delays), statistics.quantiles(delays, n=20)[18]


async def _bus_to_server(tags: list[Tag]) -> tuple[float, float]:
    bus = Bus()
    with SinkProcess() as sink:
        outputs = []
        for number in range(4):
            endpoint = RtmpEndpoint(url=sink.url("").rstrip("/"), stream_key="key")
            plan = OutputPlan(id=str(number), name="", rendition="", kind="rtmp", endpoint=endpoint)
            opener = RtmpOpener(plan, {"key": f"l{number}"})
            outputs.append(Output(plan, bus, opener, lambda _: None, video=True))
        for output in outputs:
            output.start()
        while not all(output.sessions for output in outputs):
            await asyncio.sleep(0.01)
        spread = _spread(await _play(tags, bus.publish), sink.stamps())
        for output in outputs:
            await output.close(1.0, drain=1.0)
    return spread


async def _ffmpeg_to_server(build: FFmpegBuild, tags: list[Tag]) -> tuple[float, float]:
    """The same tags through one ffmpeg child that copies them."""
    with SinkProcess() as sink:
        command = [
            *(build.path, "-hide_banner", "-loglevel", "error"),
            *("-probesize", "100000", "-analyzeduration", "100000", "-fpsprobesize", "0", "-f", "flv", "-i", "pipe:0"),
            *("-c", "copy", "-flvflags", "no_duration_filesize", "-flush_packets", "1", "-f", "flv", sink.url("r")),
        ]
        child = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)
        assert child.stdin is not None
        stdin = child.stdin
        stdin.write(HEADER)
        published = await _play(tags, lambda tag: stdin.write(b"".join(pack(tag))))
        stdin.close()
        await child.wait()
        return _spread(published, sink.stamps())


async def _hot_add(build: FFmpegBuild, folder: Path) -> list[float]:
    """Add destinations one after the other to a running job; return milliseconds to the first keyframe of each."""
    clip = make_clip(build, folder / "heavy.mkv", size="1280x720", bitrate="4M", seconds=20)
    delays = []
    with SinkProcess() as sink:
        planned = await make_plan(build, file_source(clip), [sink.url("first")], COPY)
        async with running(planned, folder / "run") as client:
            first = planned.plan.outputs[0]
            for number in range(_ADDITIONS):
                await drain(client, 0.35)
                sink.stamps()
                secrets = {"key": f"h{number}"}
                assert first.endpoint is not None
                endpoint = RtmpEndpoint(url=first.endpoint.url, stream_key="key")
                added = OutputPlan(id=f"h{number}", name="", rendition=first.rendition, kind="rtmp", endpoint=endpoint)
                ordered = time.monotonic_ns()
                await client.set_output(added, secrets)
                delays.append((await _first_keyframe(sink, f"h{number}") - ordered) / 1e6)
                await client.remove_output(f"h{number}")
    return delays


async def _first_keyframe(sink: SinkProcess, key: str) -> int:
    """Return when the first keyframe arrived under a key."""
    async with asyncio.timeout(10):
        while True:
            for name, arrived, _, body in sink.stamps():
                if name == key and bytes.fromhex(body[:2])[0] >> 4 == 1:
                    return arrived
            await asyncio.sleep(0.005)
