"""``castcore demo``: a server of its own with a job that is on air, all on this machine, gone without a trace."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import AF_INET, SO_REUSEADDR, SOL_SOCKET, socket
from typing import Any

import uvloop
from rich.markup import escape

from castcore_core.cli.clip import make_clip
from castcore_core.cli.display import clock, size
from castcore_core.cli.hub import Hub
from castcore_core.cli.message import console, fail, language, say, show_problem, write
from castcore_core.cli.scene import KEY, USER, Places, Scene, set_scene
from castcore_core.cli.status import ExitStatus
from castcore_core.config import Configuration, load_configuration
from castcore_core.core import Core
from castcore_core.engine.command import end_runners
from castcore_core.engine.lock import has_engine
from castcore_core.engine.schemas import JobStatus
from castcore_core.feature import FEATURES
from castcore_core.ffmpeg.build import find_build
from castcore_core.runner.error import RunnerError
from castcore_core.server.log import configure_log
from castcore_core.server.process import serve
from castcore_sdk import CastCoreError, PermanentError

_UNATTENDED_SECONDS = 20.0
"""How long it runs where nobody sits at a terminal to end it."""
_FAVOURITE_PORT = 8080
_MARK = ".castcore-demo"
"""File that says whose data folder it is: nobody else's is ever removed."""
_UP_SECONDS = 30.0
_STOP_SECONDS = 12.0
"""More than the engine gives a runner before it kills it."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class _Running:
    """The server as it runs."""

    core: Core
    address: str
    over: asyncio.Event
    """Set by a signal, and where the server ends by itself."""

    @property
    def ending(self) -> bool:
        """Say whether the server itself is on its way out."""
        return self.core.stopping.is_set()


def demo(media: Path | None, folder: Path, duration: float | None) -> None:
    """Run until Ctrl-C, or for 20 seconds where there is no terminal."""
    if duration is None and not sys.stdin.isatty():
        duration = _UNATTENDED_SECONDS
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            status = runner.run(_demo(media and media.absolute(), folder.absolute(), duration))
    except (CastCoreError, RunnerError) as error:
        fail(error.code, error.params, status=ExitStatus.INPUT)
    raise SystemExit(status)


async def _demo(media: Path | None, folder: Path, duration: float | None) -> ExitStatus:
    data = folder / "data"
    await _clear(data)
    recordings = folder / "recordings"
    recordings.mkdir(exist_ok=True)
    clip = media or folder / "clip.mp4"
    if media is None and not clip.exists():
        console().print(say("demo_making", path=clip))
        await make_clip(await find_build(_ffmpeg()), clip)
    hub = Hub()
    port = await hub.listen("127.0.0.1", 0)
    places = Places(f"rtmp://127.0.0.1:{port}/live", data / "media/hls", recordings)
    try:
        async with _server(data, folder / "server.log") as running:
            if running.ending:
                return ExitStatus.ABORTED
            scene = await set_scene(running.core, clip, places)
            try:
                _show(running, scene, places, duration)
                return await _watch(running, scene, duration)
            finally:
                if running.ending or not await scene.end(_STOP_SECONDS):
                    await end_runners(data / "run")
    finally:
        await hub.close()


async def _watch(running: _Running, scene: Scene, duration: float | None) -> ExitStatus:
    """Wait for the end of the demo and say what was delivered."""
    over = asyncio.create_task(running.over.wait())
    up = asyncio.create_task(scene.reach(lambda status: status.state in ("running", "failed"), _UP_SECONDS))
    try:
        await asyncio.wait({over, up}, return_when=asyncio.FIRST_COMPLETED)
        if scene.status.state != "failed":
            await asyncio.wait({over}, timeout=duration if up.done() and up.result() else 0)
    finally:
        over.cancel()
        up.cancel()
    return _report(scene.status)


@asynccontextmanager
async def _server(data: Path, log: Path) -> AsyncIterator[_Running]:
    """Serve with a data folder of the demo's own; Ctrl-C ends the demo first, then the server."""
    configuration = _configuration(data)
    over = asyncio.Event()
    ready: asyncio.Future[_Running] = asyncio.get_running_loop().create_future()

    def on_ready(address: str, core: Core) -> None:
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, over.set)
        ready.set_result(_Running(core, address, over))

    with log.open("w", encoding="utf-8") as stream:
        configure_log(configuration, stream)
        serving = asyncio.create_task(serve(configuration, on_ready, FEATURES))
        serving.add_done_callback(lambda _: over.set())
        begun: set[asyncio.Future[Any]] = {serving, ready}
        await asyncio.wait(begun, return_when=asyncio.FIRST_COMPLETED)
        try:
            if not ready.done():
                serving.result()
                raise PermanentError("cli.demo_ended", params={"log": str(log)})
            yield ready.result()
        finally:
            if ready.done():
                ready.result().core.stopping.set()
            await serving


def _configuration(data: Path) -> Configuration:
    values = {"data_dir": data, "host": "127.0.0.1", "port": _free_port(), "ffmpeg": _ffmpeg(), "language": language()}
    # Nothing of an installation's own configuration: no database, no Redis, no role.
    return load_configuration(values, environment={})


def _ffmpeg() -> Path | None:
    named = os.environ.get("CASTCORE_FFMPEG")
    return Path(named) if named else None


async def _clear(data: Path) -> None:
    """Make the data folder anew and end what an earlier demo could not.

    Raises PermanentError ``server.already_running`` and ``cli.demo_folder``.
    """
    run, mark = data / "run", data / _MARK
    if has_engine(run):
        raise PermanentError("server.already_running", params={"place": str(data)})
    if mark.exists():
        await end_runners(run)
        await asyncio.to_thread(shutil.rmtree, data, ignore_errors=True)
    try:
        await asyncio.to_thread(data.mkdir, mode=0o700, parents=True)
    except OSError:
        raise PermanentError("cli.demo_folder", params={"path": str(data)}) from None
    await asyncio.to_thread(mark.touch)


def _show(running: _Running, scene: Scene, places: Places, duration: float | None) -> None:
    lines = {
        say("demo_address"): running.address,
        say("demo_user"): USER,
        say("demo_password"): scene.password,
        say("demo_page"): f"{running.address}/jobs/{scene.job_id}",
        say("demo_rtmp"): f"{places.rtmp}/{KEY}",
        say("demo_hls"): str(places.hls / "index.m3u8"),
        say("demo_recording"): str(places.recordings),
    }
    width = max(len(label) for label in lines)
    for label, place in lines.items():
        # Never wrapped: addresses are clicked and copied.
        console().print(f"  {label:<{width}}  [bold]{escape(place)}[/bold]", soft_wrap=True)
    console().print(say("demo_end") if duration is None else say("demo_timed", seconds=int(duration)))


def _report(status: JobStatus) -> ExitStatus:
    """Say what each output got, and what was wrong."""
    names = {one.id: one.name or say("demo_recording") for one in status.outputs}
    width = max(map(len, names.values()), default=0)
    for one in status.outputs:
        write(f"  {escape(names[one.id]):<{width}}  {clock(one.seconds)}  {size(one.bytes)}")
        if one.code:
            show_problem(one.code, one.params)
    if status.code:
        show_problem(status.code, status.params)
    if not any(one.bytes for one in status.outputs):
        return ExitStatus.NO_DESTINATION
    whole = not status.code and all(one.bytes and not one.code for one in status.outputs)
    return ExitStatus.OK if whole else ExitStatus.PARTIAL


def _free_port() -> int:
    """Return port 8080 of this machine, or any free one. Raises PermanentError ``cli.demo_port``."""
    for port in (_FAVOURITE_PORT, 0):
        with socket(AF_INET) as trial:
            trial.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(trial.getsockname()[1])
    raise PermanentError("cli.demo_port")
