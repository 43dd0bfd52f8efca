"""Make the plan of a stored job: open its destinations through the guard, look at its source, ask the planner."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import as_file, files
from typing import Any
from uuid import UUID

import certifi

from castcore_core.core import Core
from castcore_core.destinations.models import StreamDestination
from castcore_core.destinations.service import Destinations
from castcore_core.ffmpeg.profile import Profile
from castcore_core.ffmpeg.slate import SlateLook
from castcore_core.ffmpeg.video import Rendition
from castcore_core.media.info import MediaInfo
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.instance import Instance
from castcore_core.profiles.encoding import DEFAULT, encoder_for, read_profile
from castcore_core.profiles.models import FFmpegProfile
from castcore_core.profiles.toolchain import Toolchain
from castcore_core.runner.plan import JobPlan
from castcore_core.streams.definition import Fallback, FileInput, Input, Recording
from castcore_core.streams.desired import WantedJob, WantedOutput, job_wanted
from castcore_core.streams.input import read_input, source_of
from castcore_core.streams.inspection import inspect
from castcore_core.streams.models import JobOutput, StreamJob
from castcore_core.streams.planner import RENDITION, Delivery, Planned, Programme, plan_job
from castcore_core.streams.record import recording_delivery
from castcore_core.streams.source import Source
from castcore_sdk import (
    BroadcastMetadata,
    BroadcastRequest,
    CastCoreError,
    ConfigurationError,
    Destination,
    NotFoundError,
    PublishTarget,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """A plan that can be started."""

    wanted: WantedJob
    planned: Planned
    refused: Mapping[str, CastCoreError] = field(default_factory=dict)
    """Output id → why it is not in the plan; try again later with ``plan(job, known=…)`` or give up by its class."""
    media: MediaInfo | None = None

    @property
    def plan(self) -> JobPlan:
        """The plan itself."""
        return self.planned.plan

    @property
    def secrets(self) -> Mapping[str, str]:
        """The secrets by the names that the plan uses."""
        return self.planned.secrets


@dataclass(frozen=True, slots=True)
class Encoded:
    """A profile with the user's own arguments."""

    profile: Profile
    expert_args: tuple[str, ...] = ()


class JobPlanner:
    """Plans stored jobs. It keeps destinations open while their jobs run; :meth:`release` closes them."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._host = core.get(PluginHost)
        self._open: dict[str, tuple[str, Instance[Destination[Any]]]] = {}
        self._media: dict[str, tuple[str, MediaInfo | None]] = {}

    async def plan(self, job_id: str | UUID, *, look_again: bool = True) -> PlannedJob:
        """Return the plan of a job. Same job, same generation: same broadcasts, so it may be called again.

        ``look_again=False`` trusts what was last seen of an unchanged source: for outputs that change on air.
        Raises CastCoreError for what keeps all of it from starting; NotFoundError ``streams.not_found``.
        """
        wanted = await job_wanted(job_id)
        job = await StreamJob.get_or_none(id=job_id)
        if wanted is None or job is None:
            raise NotFoundError("streams.not_found")
        definition = read_input(self._core.ring, job)
        media = await self._look(job, source_of(definition), look_again=look_again)
        main, further = await self._encodings(job, wanted)
        opened = await asyncio.gather(*(self._open_output(wanted, job, each) for each in wanted.outputs))
        deliveries = [each for each in opened if isinstance(each, Delivery)]
        refused = {
            wish.id: each for wish, each in zip(wanted.outputs, opened, strict=True) if isinstance(each, CastCoreError)
        }
        record = Recording.model_validate(job.recording)
        if record.enabled:
            deliveries.append(await recording_delivery(self._core, job.name, record))
        if not deliveries:
            raise next(iter(refused.values()), ConfigurationError("streams.no_output"))
        planned = await self._plan(job, definition, media, main, further, deliveries)
        plan = replace(planned.plan, name=job.name, revisions=wanted.revisions)
        return PlannedJob(wanted=wanted, planned=replace(planned, plan=plan), refused=refused, media=media)

    async def release(self, job_id: str | UUID) -> None:
        """Tell the destinations of a job that its broadcasts are over; safe to repeat, also after a restart.

        Whatever a destination does, all are told, and nothing is raised.
        """
        rows = await JobOutput.filter(job_id=job_id, broadcast__isnull=False).prefetch_related("destination")
        await self.close(rows)
        self._media.pop(str(job_id), None)

    async def close(self, outputs: Sequence[JobOutput]) -> None:
        """Do so for ``outputs`` that were read with their destinations, also where their job is deleted."""
        await asyncio.gather(*(self._close(row) for row in outputs))

    async def aclose(self) -> None:
        """Let go of the open instances without ending their broadcasts."""
        instances = [instance for _, instance in self._open.values()]
        self._open.clear()
        await asyncio.gather(*(each.close() for each in instances), return_exceptions=True)

    async def _look(self, job: StreamJob, source: Source, *, look_again: bool) -> MediaInfo | None:
        key = f"{job.revision}:{job.source_secret}"
        known = self._media.get(str(job.id))
        if not look_again and known is not None and known[0] == key:
            return known[1]
        build = await self._core.get(Toolchain).build()
        media = await inspect(source, ca_file=certifi.where(), ffmpeg=build.path)
        self._media[str(job.id)] = (key, media)
        return media

    async def _encodings(self, job: StreamJob, wanted: WantedJob) -> tuple[Encoded, dict[str, Encoded]]:
        """Return the job's own way to encode, and those of outputs with a profile of their own by rendition id."""
        outputs = [each.id for each in wanted.outputs]
        chosen = await JobOutput.filter(id__in=outputs).values_list("profile_id", flat=True) if outputs else []
        ids = {each for each in (job.profile_id, *chosen) if each is not None}  # type: ignore[attr-defined]
        rows = await FFmpegProfile.filter(id__in=list(ids)) if ids else []
        found = {row.id: Encoded(read_profile(row.name, row.settings), tuple(row.expert_args)) for row in rows}
        own = found.get(job.profile_id, Encoded(DEFAULT))  # type: ignore[attr-defined]
        return own, {rendition_id(each): encoded for each, encoded in found.items() if each in chosen}

    async def _open_output(self, wanted: WantedJob, job: StreamJob, output: WantedOutput) -> Delivery | CastCoreError:
        try:
            return await self._deliver(wanted, job, output)
        except CastCoreError as error:
            return error

    async def _deliver(self, wanted: WantedJob, job: StreamJob, output: WantedOutput) -> Delivery:
        row = await JobOutput.get(id=output.id).prefetch_related("destination")
        instance = await self._started(output, row.destination)
        request = BroadcastRequest(
            broadcast_id=f"{output.id}.{wanted.generation}",
            metadata=BroadcastMetadata(title=job.name, tags=tuple(job.tags)),
        )
        target: PublishTarget = await instance.call(instance.extension.open_broadcast, request)
        if row.broadcast != target.reference:
            await JobOutput.filter(id=row.id).update(broadcast=target.reference)
        profile_id = row.profile_id  # type: ignore[attr-defined]
        return Delivery(
            id=output.id,
            name=output.name,
            target=target,
            revision=output.revision,
            rendition=rendition_id(profile_id) if profile_id else RENDITION,
        )

    async def _started(self, output: WantedOutput, destination: StreamDestination) -> Instance[Destination[Any]]:
        kept = self._open.get(output.id)
        if kept is not None and kept[0] == output.revision:
            return kept[1]
        if kept is not None:
            del self._open[output.id]
            with contextlib.suppress(CastCoreError):
                await kept[1].close()
        instance = self._core.get(Destinations).instance(destination, name=output.id)
        try:
            await instance.start()
        except BaseException:
            with contextlib.suppress(CastCoreError):
                await instance.close()
            raise
        self._open[output.id] = (output.revision, instance)
        return instance

    async def _close(self, row: JobOutput) -> None:
        _, instance = self._open.pop(str(row.id), ("", None))
        try:
            if instance is None:
                instance = self._core.get(Destinations).instance(row.destination, name=str(row.id))
                await instance.start()
            await instance.call(instance.extension.close_broadcast, row.broadcast or "")
            await JobOutput.filter(id=row.id, broadcast=row.broadcast).update(broadcast=None)
        except CastCoreError:
            # The broadcast stays noted, so that the next release tells the destination again.
            pass
        finally:
            if instance is not None:
                with contextlib.suppress(CastCoreError):
                    await instance.close()

    async def _plan(
        self,
        job: StreamJob,
        definition: Input,
        media: MediaInfo | None,
        main: Encoded,
        further: Mapping[str, Encoded],
        deliveries: Sequence[Delivery],
    ) -> Planned:
        fallback = Fallback.model_validate(job.fallback)
        source = source_of(definition)
        file = definition if isinstance(definition, FileInput) else None
        if main.profile.copy_mode != "off" and source.kind in ("test", "device"):
            raise ConfigurationError("streams.nothing_to_copy")
        with as_file(files("castcore_core") / "fonts" / "NotoSans-Regular.ttf") as font:
            programme = Programme(
                job_id=str(job.id),
                source=source,
                media=media,
                profile=main.profile,
                encoder=encoder_for(self._host, main.profile, main.expert_args),
                further=tuple(self._rendition(name, each) for name, each in further.items()),
                deliveries=deliveries,
                font=str(font),
                ca_file=certifi.where(),
                audio_track=file.audio_track if file else 0,
                loop=file.loop if file else False,
                start_at=file.start_at if file else 0.0,
                lifetime="detached",
                slate=SlateLook(color=fallback.color, text=job.name if fallback.kind == "still" else None),
            )
            planned = plan_job(programme, await self._core.get(Toolchain).build())
        return replace(planned, plan=_with_fallback(planned.plan, fallback))

    def _rendition(self, name: str, encoded: Encoded) -> Rendition:
        encoder = encoder_for(self._host, encoded.profile, encoded.expert_args)
        return Rendition(id=name, profile=encoded.profile, encoder=encoder)


def rendition_id(profile_id: UUID) -> str:
    """Return the id of the rendition that a profile of an output's own makes."""
    return f"profile-{profile_id}"


def _with_fallback(plan: JobPlan, fallback: Fallback) -> JobPlan:
    if fallback.kind == "none":
        plan = replace(plan, renditions=tuple(replace(each, slate=None) for each in plan.renditions))
    return replace(plan, slate_after=fallback.after_ms / 1000)


async def plan_for(core: Core, job_id: str | UUID) -> PlannedJob:
    """Return the plan of a job; see :meth:`JobPlanner.plan`."""
    return await core.get(JobPlanner).plan(job_id)
