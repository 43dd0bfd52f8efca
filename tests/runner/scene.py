"""A stage for runner tests: a sink that remembers every tag, plans with small sources, and a running job."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import psutil

from castcore_core.rtmp import IncomingStream, Request, RtmpError, Server, Tag, TagKind, serve
from castcore_core.runner.client import RunnerClient, attach, launch
from castcore_core.runner.event import Event, JobState, OutputState
from castcore_core.runner.plan import (
    Argument,
    BackoffPlan,
    EncoderPlan,
    JobPlan,
    OutputPlan,
    Ref,
    RenditionPlan,
    RtmpEndpoint,
    SlatePlan,
    SourcePlan,
)
from servers.media import BUNDLED

FFMPEG = BUNDLED
E = TypeVar("E", bound=Event)

QUICK = BackoffPlan(first=0.2, most=0.4, reset_after=60.0)
_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "15", "-keyint_min", "15",
         "-sc_threshold", "0", "-pix_fmt", "yuv420p", "-b:v", "300k")  # fmt: skip
_AAC = ("-c:a", "aac", "-b:a", "64k", "-ar", "48000", "-ac", "2")
_PROGRESS: tuple[Argument, ...] = ("-progress", Ref(kind="pipe", name="progress"), "-stats_period", "0.5", "-nostats")
_HEAD = ("-hide_banner", "-nostdin", "-loglevel", "level+warning")
_FLV = ("-flvflags", "no_duration_filesize", "-flush_packets", "1", "-f", "flv")


@dataclass
class Arrival:
    """One tag at the sink."""

    at: float
    tag: Tag


@dataclass
class Session:
    """One publisher's stay."""

    key: str
    arrivals: list[Arrival] = field(default_factory=list)
    over: bool = False
    in_order: bool = False
    """It said goodbye."""

    def media(self, kind: TagKind = TagKind.VIDEO) -> list[Tag]:
        return [one.tag for one in self.arrivals if one.tag.kind is kind and not one.tag.is_sequence_header]

    def steps(self, kind: TagKind = TagKind.VIDEO) -> list[int]:
        times = [tag.timestamp for tag in self.media(kind)]
        return [after - before for before, after in itertools.pairwise(times)]


class Sink:
    """Our own server: takes every publisher and remembers."""

    def __init__(self) -> None:
        self.sessions: list[Session] = []
        self._changed = asyncio.Condition()
        self._server: Server | None = None
        self._port = 0

    async def __aenter__(self) -> Sink:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await serve("127.0.0.1", self._port, authorize=self._authorize, publish=self._take)
        self._port = self._server.port

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.close(0.2)
            self._server = None

    @property
    def url(self) -> str:
        return f"rtmp://127.0.0.1:{self._port}/live"

    def of(self, key: str) -> list[Session]:
        return [one for one in self.sessions if one.key == key]

    async def until(self, condition: Callable[[], Any], within: float = 10.0) -> None:
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(condition)

    async def playing(self, key: str, tags: int = 1, session: int = 0) -> Session:
        await self.until(lambda: len(self.of(key)) > session and len(self.of(key)[session].media()) >= tags)
        return self.of(key)[session]

    async def _authorize(self, request: Request) -> None:
        return None

    async def _take(self, stream: IncomingStream) -> None:
        session = Session(stream.request.key)
        self.sessions.append(session)
        try:
            async for tag in stream:
                session.arrivals.append(Arrival(time.monotonic(), tag))
                await self._tell()
            session.in_order = True
        except RtmpError:
            pass
        finally:
            session.over = True
            await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


class Run:
    """A running job and everything it said."""

    def __init__(self, client: RunnerClient) -> None:
        self.client = client
        self.events: list[Event] = []
        self._changed = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())
        self.over = False

    @property
    def pid(self) -> int:
        return self.client.hello.identity.pid

    def children(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.pid).children(recursive=True)
        return []

    def encoder(self) -> psutil.Process:
        return next(one for one in self.children() if "testsrc2" in " ".join(one.cmdline()))

    def all(self, kind: type[E], **values: Any) -> list[E]:
        return [
            one
            for one in self.events
            if isinstance(one, kind) and all(getattr(one, name) == value for name, value in values.items())
        ]

    async def seen(self, kind: type[E], *, times: int = 1, within: float = 10.0, **values: Any) -> E:
        """Wait for the ``times``-th such event and return it."""
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(lambda: len(self.all(kind, **values)) >= times or self.over)
        found = self.all(kind, **values)
        assert len(found) >= times, f"{kind.__name__} {values} not among {self.events[-6:]}"
        return found[times - 1]

    async def up(self, *outputs: str) -> None:
        for output in outputs:
            await self.seen(OutputState, output=output, state="up")

    async def end(self, within: float = 20.0) -> JobState:
        """Wait for the end and return the last event."""
        async with asyncio.timeout(within):
            await asyncio.shield(self._reading)
        await self.client.close()
        assert await self.client.wait_gone()
        last = [one for one in self.events if isinstance(one, JobState)][-1]
        assert last.state in ("ended", "failed")
        return last

    async def close(self) -> None:
        await self.client.close()
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading
        if not await self.client.wait_gone(6.0):
            psutil.Process(self.pid).kill()
            await self.client.wait_gone(2.0)
            raise AssertionError("the runner did not end")

    async def _read(self) -> None:
        async for event in self.client:
            self.events.append(event)
            async with self._changed:
                self._changed.notify_all()
        self.over = True
        async with self._changed:
            self._changed.notify_all()


@contextlib.asynccontextmanager
async def running(folder: Path, plan: JobPlan, secrets: Mapping[str, str] | None = None) -> AsyncIterator[Run]:
    run = Run(await launch(folder, plan, secrets or {}))
    try:
        yield run
    finally:
        await run.close()


@contextlib.asynccontextmanager
async def attached(folder: Path, job_id: str, *, after: int | None = None) -> AsyncIterator[Run]:
    run = Run(await attach(folder, job_id, after=after))
    try:
        yield run
    finally:
        await run.client.close()


def encoder(
    seconds: float | None = None, *, bframes: bool = False, picture: bool = True, sound: bool = True, **values: Any
) -> EncoderPlan:
    """A moving picture and a tone, in real time."""
    length = f":d={seconds}" if seconds else ""
    inputs: tuple[str, ...] = ()
    if picture:
        inputs += ("-re", "-f", "lavfi", "-i", f"testsrc2=s=160x90:r=30{length}")
    if sound:
        inputs += ("-re", "-f", "lavfi", "-i", f"sine=f=440:r=48000{length}")
    video = (*_X264, *(("-tune", "film", "-bf", "2") if bframes else ())) if picture else ()
    arguments = (*_HEAD, *inputs, *video, *(_AAC if sound else ()), *_PROGRESS, *_FLV, Ref(kind="pipe", name="main"))
    return EncoderPlan(arguments=arguments, nice=0, **values)


def slate() -> SlatePlan:
    size: Argument = (
        "color=c=blue:s=", Ref(kind="value", name="width"), "x", Ref(kind="value", name="height"),
        ":r=", Ref(kind="value", name="fps"), ":d=2",
    )  # fmt: skip
    return SlatePlan(
        arguments=(*_HEAD, "-f", "lavfi", "-i", size, "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", *_X264,
                   *_AAC, "-t", "2", *_FLV, "pipe:1")
    )  # fmt: skip


def rtmp(output_id: str, url: str, **values: Any) -> OutputPlan:
    endpoint = RtmpEndpoint(url=url, stream_key=f"key-{output_id}")
    return OutputPlan(
        id=output_id, name=output_id, rendition="main", kind="rtmp", endpoint=endpoint, backoff=QUICK, **values
    )


def recording(output_id: str, path: Path, **values: Any) -> OutputPlan:
    target: Argument = (str(path.with_suffix("")), Ref(kind="value", name="part"), path.suffix)
    fragments = ("-movflags", "+frag_keyframe+empty_moov+default_base_moof") if path.suffix == ".mp4" else ()
    arguments = ("-hide_banner", "-y", "-loglevel", "level+warning", "-probesize", "100000", "-analyzeduration",
                 "100000", "-f", "flv", "-i", "pipe:0", "-map", "0", "-c", "copy", *fragments, *_PROGRESS,
                 "-flush_packets", "1", target)  # fmt: skip
    return OutputPlan(
        id=output_id, name=output_id, rendition="main", kind="ffmpeg", arguments=arguments, backoff=QUICK, **values
    )


def job(*outputs: OutputPlan, job_id: str = "job", with_slate: bool = False, **values: Any) -> JobPlan:
    plan = JobPlan(
        job_id=job_id,
        name="A job",
        ffmpeg=FFMPEG,
        source=SourcePlan(kind="ffmpeg", name="Test picture", live=False),
        encoder=encoder(),
        renditions=(RenditionPlan(id="main", slate=slate() if with_slate else None),),
        outputs=outputs,
    )
    return replace(plan, **values)


def keys(plan: JobPlan) -> dict[str, str]:
    """Secrets for the outputs of a plan: the key is named as the output."""
    return {f"key-{one.id}": one.id for one in plan.outputs}
