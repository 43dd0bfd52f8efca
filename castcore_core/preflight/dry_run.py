"""Encode a job for some seconds in a runner of its own, into a file that is thrown away."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil

from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.error import ConflictError
from castcore_core.ffmpeg.egress import recording
from castcore_core.media.info import MediaInfo
from castcore_core.plugins.host import PluginHost
from castcore_core.preflight.check import Level
from castcore_core.preflight.limit import format_of, limits_for
from castcore_core.preflight.measurement import Usage, measure
from castcore_core.preflight.schemas import (
    DryRunAnswer,
    EncoderFigures,
    LimitFigures,
    Problem,
    RenditionFigures,
)
from castcore_core.runner.client import RunnerClient, forget, launch
from castcore_core.runner.error import RunnerError
from castcore_core.runner.event import EncoderStatistics, JobState, LogLine, Progress
from castcore_core.runner.plan import JobPlan, OutputPlan
from castcore_core.streams.desired import job_wanted
from castcore_core.streams.drawing import draw
from castcore_core.streams.planner import Delivery
from castcore_core.streams.planning import JobPlanner
from castcore_core.streams.subject import Subject, read_subject
from castcore_sdk import PublishProtocol, PublishTarget, TemporaryError
from castcore_sdk.errors import NotFoundError

_PREFIX = "dry-"
_ABANDONED_S = 600.0
_AT_ONCE = 2
_GRACE_S = 25.0
"""What start, source and end may take beyond the seconds asked for."""
_LOG_LINES = 60
_KEEPS_UP = 0.95
_ENOUGH_S = 1.5
"""Seconds between two reports from which a speed means something."""
_BUSY = 85.0
_TOLERANCE = 1.15
"""A second may be this much above a bit rate limit: platforms look at averages."""


@dataclass(slots=True)
class _Course:
    """What happened so far."""

    usage: Usage
    encoder: EncoderStatistics | None = None
    speed: float | None = None
    problem: Problem | None = None
    _marks: list[tuple[float, float]] = field(default_factory=list)
    seconds: float = 0.0
    log: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_LOG_LINES))

    def note(self, at: float, encoder: EncoderStatistics) -> None:
        """Take in what the encoder says at the Unix time ``at``.

        Its own speed counts from before the first picture, so the speed is taken between its reports.
        """
        self.encoder = encoder
        if encoder.out_time:
            self._marks.append((at, encoder.out_time))
        self.speed = encoder.speed
        if self._marks and self._marks[-1][0] - self._marks[0][0] >= _ENOUGH_S:
            (first, begun), (last, now) = self._marks[0], self._marks[-1]
            self.speed = round((now - begun) / (last - first), 3)


class DryRuns:
    """Runs jobs without their destinations; never more than two at once."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._busy: set[UUID] = set()

    async def run(self, job_id: UUID, seconds: int) -> DryRunAnswer:
        """Encode a job for ``seconds`` and say how that went; no destination is opened or connected to.

        Raises NotFoundError, ConflictError ``streams.on_air`` or ``preflight.dry_run_busy``, CastCoreError.
        """
        wanted = await job_wanted(job_id)
        if wanted is None:
            raise NotFoundError("streams.not_found")
        if wanted.desired != "stopped":
            raise ConflictError("streams.on_air", params={"name": wanted.name})
        if job_id in self._busy or len(self._busy) >= _AT_ONCE:
            raise ConflictError("preflight.dry_run_busy")
        self._busy.add(job_id)
        try:
            subject = await read_subject(self._core, job_id, wanted.revisions)
            target = Target("stream_job", job_id, wanted.name)
            await self._core.get(Audit).record("streams.dry_run", target=target, params={"seconds": seconds})
            with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=self._core.folder.run) as folder:
                return await self._run(subject, seconds, Path(folder))
        finally:
            self._busy.discard(job_id)

    def clear(self) -> None:
        """Remove what dry runs of a server that was killed have left."""
        for folder in self._core.folder.run.glob(f"{_PREFIX}*"):
            if time.time() - folder.stat().st_mtime > _ABANDONED_S:
                shutil.rmtree(folder, ignore_errors=True)

    async def _run(self, subject: Subject, seconds: int, folder: Path) -> DryRunAnswer:
        media = await self._core.get(JobPlanner).look(subject)
        planned = await draw(self._core, subject, media, [_nowhere(folder)])
        plan = _into_files(planned.plan, folder, seconds)
        # A run folder of its own: in the engine's this would be a runner that nobody wants.
        run = folder / "run"
        try:
            client = await launch(run, plan, planned.secrets)
        except RunnerError as error:
            raise TemporaryError(error.code, params=error.params) from None
        course = _Course(Usage(client.hello.identity.pid))
        try:
            async with asyncio.timeout(seconds + _GRACE_S):
                await _follow(client, course)
        except TimeoutError:
            course.problem = course.problem or Problem(code="preflight.dry_run_timeout", params={"seconds": seconds})
        finally:
            await client.close()
            await client.wait_gone()
            await asyncio.to_thread(forget, run, plan.job_id)
        figures = [measure(each.id, folder / f"{each.id}.flv") for each in plan.renditions]
        return self._answer(subject, media, course, [each for each in figures if each is not None])

    def _answer(
        self, subject: Subject, media: MediaInfo | None, course: _Course, renditions: Sequence[RenditionFigures]
    ) -> DryRunAnswer:
        limits = self._limits(subject, media, {each.id: each for each in renditions})
        elapsed = max(course.seconds, 0.5)
        percent = 100 * course.usage.cpu_seconds / elapsed
        cores = psutil.cpu_count() or 1
        encoder = course.encoder
        slow = course.speed is not None and course.speed < _KEEPS_UP
        level: Level = "green"
        if percent > _BUSY * cores or not all(each.kept for each in limits):
            level = "yellow"
        if course.problem is not None or slow or not renditions:
            level = "red"
        return DryRunAnswer(
            level=level,
            problem=course.problem,
            seconds=round(course.seconds, 1),
            encoder=EncoderFigures(fps=encoder.fps, speed=course.speed, dropped=encoder.dropped) if encoder else None,
            cpu_percent=round(percent, 1),
            cpu_cores=cores,
            memory=course.usage.memory,
            renditions=list(renditions),
            limits=limits,
            log=list(course.log),
        )

    def _limits(
        self, subject: Subject, media: MediaInfo | None, renditions: Mapping[str, RenditionFigures]
    ) -> list[LimitFigures]:
        host = self._core.get(PluginHost)
        found: list[LimitFigures] = []
        for output in subject.outputs:
            figures = renditions.get(output.rendition)
            if figures is None:
                continue
            picture = format_of(subject.encodings[output.rendition].profile, media, host)
            limits = limits_for(self._core, output.destination, picture)
            name = output.destination.name
            if (most := limits.max_video_bitrate) is not None:
                kept = figures.bitrate <= most * _TOLERANCE
                found.append(
                    LimitFigures(destination=name, what="video_bitrate", value=figures.bitrate, limit=most, kept=kept)
                )
            longest = figures.longest_keyframe_interval
            if limits.keyframe_interval is not None and longest is not None:
                limit = limits.keyframe_interval.total_seconds()
                kept = longest <= limit + 0.1
                found.append(
                    LimitFigures(destination=name, what="keyframe_interval", value=longest, limit=limit, kept=kept)
                )
        return found


async def _follow(client: RunnerClient, course: _Course) -> None:
    begun = asyncio.get_running_loop().time()
    async for event in client:
        if isinstance(event, Progress):
            if event.encoder is not None:
                course.note(event.at or time.time(), event.encoder)
            await asyncio.to_thread(course.usage.sample)
        elif isinstance(event, LogLine):
            course.log.append({"at": event.at, "source": event.source, "level": event.level, "line": event.line})
        elif isinstance(event, JobState):
            if event.state == "running":
                begun = asyncio.get_running_loop().time()
            elif event.state == "failed":
                why = event.cause
                code, params = (why.code, why.params) if why else (event.code, event.params)
                course.problem = Problem(code=code, params=dict(params))
        course.seconds = asyncio.get_running_loop().time() - begun


def _nowhere(folder: Path) -> Delivery:
    target = PublishTarget(
        reference="", protocol=PublishProtocol.FILE, url=str(folder / "main.flv"), options={"format": "flv"}
    )
    return Delivery(id="main", name="dry run", target=target)


def _into_files(plan: JobPlan, folder: Path, seconds: int) -> JobPlan:
    """Return the plan with one file for each rendition instead of its outputs."""
    outputs = tuple(
        OutputPlan(
            id=each.id,
            name=each.id,
            rendition=each.id,
            kind="ffmpeg",
            arguments=recording(str(folder / f"{each.id}.flv"), each, container="flv", overwrite=True),
        )
        for each in plan.renditions
    )
    job_id = f"dry-{uuid.uuid4()}"
    # Without a slate: what is measured is the programme.
    renditions = tuple(replace(each, slate=None) for each in plan.renditions)
    return replace(
        plan,
        job_id=job_id,
        renditions=renditions,
        outputs=outputs,
        lifetime="attached",
        duration=float(seconds),
        revisions={},
    )
