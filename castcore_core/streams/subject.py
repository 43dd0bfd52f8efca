"""A job with everything that a plan is made from, read from the database or as a user is just writing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from castcore_core.core import Core
from castcore_core.destinations.models import StreamDestination
from castcore_core.ffmpeg.profile import Profile
from castcore_core.profiles.encoding import DEFAULT, read_profile
from castcore_core.profiles.models import FFmpegProfile
from castcore_core.streams.definition import Fallback, Input, Recording
from castcore_core.streams.input import read_input, source_of
from castcore_core.streams.models import JobOutput, StreamJob
from castcore_core.streams.planner import RENDITION
from castcore_core.streams.source import Source
from castcore_sdk.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Encoded:
    """A profile with the user's own arguments."""

    profile: Profile
    expert_args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectOutput:
    """One destination that is to be sent to."""

    id: str
    destination: StreamDestination
    rendition: str = RENDITION
    revision: str = ""
    broadcast: str | None = None
    rollovers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is to be planned."""

    id: str
    name: str
    input: Input
    main: Encoded = Encoded(DEFAULT)
    further: Mapping[str, Encoded] = field(default_factory=dict)
    """Rendition id → the profile of outputs with one of their own."""
    outputs: Sequence[SubjectOutput] = ()
    """Those that are enabled, as is their destination."""
    fallback: Fallback = field(default_factory=Fallback)
    recording: Recording = field(default_factory=Recording)
    tags: Sequence[str] = ()
    seen: str = ""
    """Differs whenever the source may be another one."""

    @property
    def source(self) -> Source:
        """The source as the planner takes it. Raises ConfigurationError, UnavailableError."""
        return source_of(self.input)

    @property
    def encodings(self) -> Mapping[str, Encoded]:
        """Every way to encode by its rendition's id."""
        return {RENDITION: self.main, **self.further}


def rendition_id(profile_id: UUID) -> str:
    """Return the id of the rendition that a profile of an output's own makes."""
    return f"profile-{profile_id}"


async def read_subject(core: Core, job_id: str | UUID, revisions: Mapping[str, str]) -> Subject:
    """Read a stored job; ``revisions`` are those that its plan will name. Raises NotFoundError, PermanentError."""
    job = await StreamJob.get_or_none(id=job_id)
    if job is None:
        raise NotFoundError("streams.not_found")
    rows = (
        await JobOutput.filter(job_id=job_id, enabled=True).order_by("position", "id").prefetch_related("destination")
    )
    rows = [row for row in rows if row.destination.enabled]
    own: UUID | None = job.profile_id  # type: ignore[attr-defined]
    chosen: list[UUID | None] = [row.profile_id for row in rows]  # type: ignore[attr-defined]
    main, further = await read_encodings(own, chosen)
    outputs = [
        SubjectOutput(
            id=str(row.id),
            destination=row.destination,
            rendition=rendition_id(each) if each else RENDITION,
            revision=revisions.get(str(row.id), ""),
            broadcast=row.broadcast,
            rollovers=row.rollovers,
        )
        for row, each in zip(rows, chosen, strict=True)
    ]
    return Subject(
        id=str(job.id),
        name=job.name,
        input=read_input(core.ring, job),
        main=main,
        further=further,
        outputs=outputs,
        fallback=Fallback.model_validate(job.fallback),
        recording=Recording.model_validate(job.recording),
        tags=job.tags,
        seen=f"{job.revision}:{job.source_secret}",
    )


async def draft_subject(
    name: str,
    value: Input,
    profile_id: UUID | None,
    outputs: Sequence[tuple[UUID, UUID | None]],
    fallback: Fallback,
    recording: Recording,
) -> Subject:
    """Return a job that is not kept; ``outputs`` are kept destinations, each with a profile of its own or None."""
    ids = [destination for destination, _ in outputs]
    found = {row.id: row for row in await StreamDestination.filter(id__in=ids)} if ids else {}
    main, further = await read_encodings(profile_id, [profile for _, profile in outputs])
    return Subject(
        id=str(uuid4()),
        name=name,
        input=value,
        main=main,
        further=further,
        outputs=[
            SubjectOutput(
                id=f"out{number}",
                destination=found[destination],
                rendition=rendition_id(profile) if profile else RENDITION,
            )
            for number, (destination, profile) in enumerate(outputs, 1)
        ],
        fallback=fallback,
        recording=recording,
    )


async def read_encodings(own: UUID | None, chosen: Sequence[UUID | None]) -> tuple[Encoded, dict[str, Encoded]]:
    """Return the job's own way to encode, and those of outputs with a profile of their own by rendition id."""
    ids = {each for each in (own, *chosen) if each is not None}
    rows = await FFmpegProfile.filter(id__in=list(ids)) if ids else []
    found = {row.id: Encoded(read_profile(row.name, row.settings), tuple(row.expert_args)) for row in rows}
    further = {rendition_id(each): encoded for each, encoded in found.items() if each in chosen}
    return (found[own] if own in found else Encoded(DEFAULT)), further
