"""``castcore demo``: a clip to an RTMP server, a web page and a recording, all on this machine."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import entry_points
from pathlib import Path
from socket import socket

from rich.markup import escape

from castcore_core.cli.hub import Hub
from castcore_core.cli.message import console, fail, language, say, write
from castcore_core.cli.run import stream
from castcore_core.cli.status import ExitStatus
from castcore_core.ffmpeg.build import find_build
from castcore_core.ffmpeg.process import run as run_ffmpeg
from castcore_core.runner.error import RunnerError
from castcore_core.streams.request import RunRequest
from castcore_sdk import CastCoreError, PermanentError

_CLIP_SECONDS = 20
_UNATTENDED_SECONDS = 20.0
"""How long it runs where nobody sits at a terminal to end it."""
_FAVOURITE_PORT = 8080


def demo(media: Path | None, folder: Path, duration: float | None) -> None:
    """Run until Ctrl-C, or for 20 seconds where there is no terminal."""
    if duration is None and not sys.stdin.isatty():
        duration = _UNATTENDED_SECONDS
    try:
        status = asyncio.run(_demo(media, folder.absolute(), duration))
    except (CastCoreError, RunnerError) as error:
        fail(error.code, error.params, status=ExitStatus.INPUT)
    raise SystemExit(status)


async def _demo(media: Path | None, folder: Path, duration: float | None) -> ExitStatus:
    hls = folder / "hls"
    hls.mkdir(parents=True, exist_ok=True)
    clip = media or folder / "clip.mp4"
    if media is None and not clip.exists():
        await _make_clip(clip)
    recording = _next_free(folder / "recording.mkv")
    hub = Hub()
    port = await hub.listen("127.0.0.1", 0)
    address = f"rtmp://127.0.0.1:{port}/live/demo"
    try:
        async with _page(hls, {say("demo_rtmp"): address, say("demo_recording"): str(recording)}) as page:
            _show(duration, {say("demo_page"): page, say("demo_rtmp"): address, say("demo_recording"): str(recording)})
            targets = (address, f"hls:{hls}", f"file:{recording}")
            request = RunRequest(input=str(clip), targets=targets, loop=True, duration=duration, typed=False)
            return await stream(request, as_json=False, verbose=False)
    finally:
        await hub.close()


def _show(duration: float | None, places: dict[str, str]) -> None:
    width = max(len(label) for label in places)
    for label, place in places.items():
        write(f"  {label:<{width}}  [bold]{escape(place)}[/bold]")
    console().print(say("demo_end") if duration is None else say("demo_timed", seconds=int(duration)))


def _next_free(path: Path) -> Path:
    """Return ``path``, or the first of its name with a number behind it that does not exist."""
    number = 2
    free = path
    while free.exists():
        free = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return free


async def _make_clip(path: Path) -> None:
    """Make the clip: a moving picture with a clock, and a tone that swells."""
    console().print(say("demo_making", path=path))
    build = await find_build()
    unfinished = path.with_suffix(".part.mp4")
    seconds = str(_CLIP_SECONDS)
    outcome = await run_ffmpeg(
        [
            *(build.path, "-hide_banner", "-nostdin", "-loglevel", "error", "-y"),
            *("-f", "lavfi", "-i", f"testsrc2=s=1280x720:r=30:d={seconds}"),
            *("-f", "lavfi", "-i", f"aevalsrc=0.1*sin(440*2*PI*t)*(0.6+0.4*sin(PI*t)):s=48000:d={seconds}"),
            *("-c:v", "libx264", "-preset", "veryfast", "-b:v", "3M", "-pix_fmt", "yuv420p", "-g", "60"),
            *("-c:a", "aac", "-b:a", "128k", "-ac", "2", "-movflags", "+faststart", str(unfinished)),
        ],
        timeout=120.0,
    )
    if outcome.status != 0:
        raise PermanentError("cli.demo_clip", params={"path": str(path)}, detail=outcome.log)
    unfinished.replace(path)


@asynccontextmanager
async def _page(hls: Path, places: dict[str, str]) -> AsyncIterator[str]:
    """Serve the page that plays the stream; yields its address."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    (entry,) = entry_points(group="castcore.web", name="demo")
    texts = {name: say(f"demo_{name}") for name in ("title", "lead")}
    app = entry.load()(hls, texts, places, language())
    listener = _listen()
    port = listener.getsockname()[1]
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]  # hypercorn owns and closes it from here on
    config.errorlog = config.accesslog = None
    stop = asyncio.Event()

    async def stopped() -> None:
        await stop.wait()

    serving = asyncio.create_task(serve(app, config, shutdown_trigger=stopped))
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        stop.set()
        await serving


def _listen() -> socket:
    """Return a socket on port 8080 of this machine, or on any free one."""
    for port in (_FAVOURITE_PORT, 0):
        listener = socket()
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            listener.close()
            continue
        listener.listen()
        return listener
    raise PermanentError("cli.demo_port")
