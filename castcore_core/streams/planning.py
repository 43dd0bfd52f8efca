"""Make the plan of a stored job: open its destinations through the guard, look at its source, ask the planner."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import certifi

from castcore_core.core import Core
from castcore_core.media.info import MediaInfo
from castcore_core.media.pool import Workers
from castcore_core.profiles.choice import Encoders
from castcore_core.profiles.toolchain import Toolchain
from castcore_core.runner.plan import JobPlan
from castcore_core.streams.broadcast import Broadcasts
from castcore_core.streams.desired import WantedJob, job_wanted
from castcore_core.streams.drawing import draw
from castcore_core.streams.encoder import EncoderChoice
from castcore_core.streams.inspection import inspect
from castcore_core.streams.models import JobOutput
from castcore_core.streams.planner import Delivery, Planned
from castcore_core.streams.record import recording_delivery
from castcore_core.streams.resolution import resolve_input
from castcore_core.streams.subject import Subject, SubjectOutput, read_subject
from castcore_sdk import (
    CastCoreError,
    CheckResult,
    ConfigurationError,
    NotFoundError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """A plan that can be started."""

    wanted: WantedJob
    planned: Planned
    refused: Mapping[str, CastCoreError] = field(default_factory=dict)
    """Output id → why it is not in the plan; its class says whether another attempt makes sense."""
    media: MediaInfo | None = None

    @property
    def plan(self) -> JobPlan:
        """The plan itself."""
        return self.planned.plan

    @property
    def secrets(self) -> Mapping[str, str]:
        """The secrets by the names that the plan uses."""
        return self.planned.secrets


class JobPlanner:
    """Plans stored jobs; :meth:`release` ends what their plans have opened."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._broadcasts = core.get(Broadcasts)
        self._media: dict[str, tuple[str, MediaInfo | None]] = {}

    async def plan(self, job_id: str | UUID, *, look_again: bool = True) -> PlannedJob:
        """Return the plan of a job. Same job, same generation: same broadcasts, so it may be called again.

        ``look_again=False`` trusts what was last seen of an unchanged source: for outputs that change on air.
        Raises CastCoreError for what keeps all of it from starting; NotFoundError ``streams.not_found``.
        """
        wanted = await job_wanted(job_id)
        if wanted is None:
            raise NotFoundError("streams.not_found")
        subject = await read_subject(self._core, job_id, wanted.revisions)
        media = await self.look(subject, look_again=look_again)
        opened = await asyncio.gather(*(self._open_output(wanted, subject, each) for each in subject.outputs))
        deliveries = [each for each in opened if isinstance(each, Delivery)]
        refused = {
            output.id: each
            for output, each in zip(subject.outputs, opened, strict=True)
            if isinstance(each, CastCoreError)
        }
        if subject.recording.enabled:
            deliveries.append(await recording_delivery(self._core, subject.name, subject.recording))
        if not deliveries:
            raise next(iter(refused.values()), ConfigurationError("streams.no_output", params={"name": subject.name}))
        planned = await draw(self._core, subject, media, deliveries, keep=not look_again)
        self._core.get(Encoders).hold(subject.id, planned.choices)
        plan = replace(planned.plan, revisions=wanted.revisions)
        return PlannedJob(wanted=wanted, planned=replace(planned, plan=plan), refused=refused, media=media)

    def distrust(self, job_id: str, reason: CheckResult) -> bool:
        """Leave the encoders of a job's last run out for a while, for one has failed; say whether others stand in."""
        return self._core.get(Encoders).distrust(job_id, reason)

    def remember(self, job_id: str, choices: Sequence[EncoderChoice]) -> None:
        """Know what a job encodes on that an earlier life of the server has started."""
        self._core.get(Encoders).hold(job_id, choices)

    async def look(self, subject: Subject, *, look_again: bool = True) -> MediaInfo | None:
        """Return what the source holds, None where it does not tell before it runs. Raises CastCoreError."""
        known = self._media.get(subject.id)
        if not look_again and known is not None and known[0] == subject.seen:
            return known[1]
        build = await self._core.get(Toolchain).build()
        source = await resolve_input(self._core, subject.input, look=True)
        pool = self._core.get(Workers).front
        media = await inspect(source, ca_file=certifi.where(), ffmpeg=build.path, pool=pool)
        self._media[subject.id] = (subject.seen, media)
        return media

    async def release(self, job_id: str | UUID) -> None:
        """Tell the destinations of a job that its broadcasts are over; safe to repeat, also after a restart.

        Whatever a destination does, all are told, and nothing is raised.
        """
        self._media.pop(str(job_id), None)
        self._core.get(Encoders).release(str(job_id))
        rows = JobOutput.filter(job_id=job_id, broadcast__isnull=False).prefetch_related("destination")
        await self._broadcasts.close(await rows)

    async def _open_output(
        self, wanted: WantedJob, subject: Subject, output: SubjectOutput
    ) -> Delivery | CastCoreError:
        try:
            target = await self._broadcasts.open(subject.id, wanted.generation, output)
        except CastCoreError as error:
            return error
        return Delivery(
            id=output.id,
            name=output.destination.name,
            target=target,
            revision=output.revision,
            rendition=output.rendition,
        )
