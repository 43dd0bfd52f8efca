"""How soon a library of 5,000 files is known: the first time against one ffprobe per file, and once more."""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import subprocess
import time
from itertools import cycle
from pathlib import Path

from figure import Figure
from service import Service
from stream import make_clip

from castcore_core.ffmpeg.build import FFmpegBuild
from castcore_core.media.life import back_size

_FILES = 5000
_PER_FOLDER = 100
_SAMPLE = 300
"""Files that ffprobe is timed with: all of them would take minutes, and one file takes it as long as the next."""
_ROUNDS = 5
_PROBE = ("-v", "error", "-show_format", "-show_streams", "-of", "json")


async def measure(build: FFmpegBuild, folder: Path) -> list[Figure]:
    """Return the figures of this area. Both sides have the same number of workers and read the same files."""
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        raise RuntimeError("the reference needs ffprobe")
    library = _library(build, folder)
    before = await _probe_each(ffprobe, library)
    with Service(folder / "scan") as service:
        service.wait_healthy()
        body = {"name": "Films", "type": "local", "config": {"root": str(folder / "library")}}
        source = service.ask("POST", "/storage-sources", body)["id"]
        first = _scan(service, source, read=_FILES)
        again = [_scan(service, source, read=0) for _ in range(_ROUNDS)]
    first_time = f"{_FILES} files read for the first time ÷ one ffprobe per file, {back_size()} workers each"
    rate = _SAMPLE / statistics.mean((before, await _probe_each(ffprobe, library)))
    return [
        Figure(
            name=f"library of {first_time}",
            value=(_FILES / first) / rate,
            unit="×",
            reference=1.0,
            reference_name=f"{rate:.0f} files/s, ours {_FILES / first:.0f} files/s in {first:.1f} s",
            bound=3.0,
            sense="min",
        ),
        Figure(
            name=f"the same library scanned again, nothing changed, worst of {_ROUNDS}",
            value=max(again),
            unit="s",
            reference=statistics.median(again),
            reference_name="median",
            bound=2.0,
        ),
    ]


def _library(build: FFmpegBuild, folder: Path) -> list[Path]:
    """Make the files: links to four clips, which no side can tell from copies."""
    clips = [
        make_clip(build, folder / f"small.{suffix}", size=size, bitrate="300k", seconds=2)
        for suffix, size in (("mp4", "1280x720"), ("mkv", "640x360"), ("mov", "320x180"), ("ts", "640x360"))
    ]
    found = []
    for number, clip in zip(range(_FILES), cycle(clips), strict=False):
        path = folder / "library" / f"{number // _PER_FOLDER:02}" / f"{number}{clip.suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(clip, path)
        found.append(path)
    return found


async def _probe_each(ffprobe: str, library: list[Path]) -> float:
    """Return the seconds that ffprobe takes for the sample, a process per file."""
    waiting = iter(library[:_SAMPLE])

    async def work() -> None:
        for path in waiting:
            process = await asyncio.create_subprocess_exec(
                *(ffprobe, *_PROBE, str(path)), stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
            )
            if await process.wait() != 0:
                raise RuntimeError(f"ffprobe cannot read {path}")

    begun = time.monotonic()
    await asyncio.gather(*(work() for _ in range(back_size())))
    return time.monotonic() - begun


def _scan(service: Service, source: str, *, read: int) -> float:
    """Scan and return the seconds from the request to where the end is told."""
    begun = time.monotonic()
    scan = service.ask("POST", f"/storage-sources/{source}/scan")["id"]
    while True:
        (found, *_) = service.ask("GET", f"/storage-sources/{source}/scans?limit=1")["items"]
        if found["ended_at"]:
            break
        time.sleep(0.01 if read == 0 else 0.05)
    seconds = time.monotonic() - begun
    counts = found["counts"]
    if (found["id"], found["state"], counts["found"], counts["read"], counts["unreadable"]) != (
        *(scan, "done", _FILES, read, 0),
    ):
        raise RuntimeError(f"not what was to be scanned: {found}")
    return seconds
