"""Show what would run, without running or touching any of it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from castcore_core.accounts.role import Role
from castcore_core.core import Core
from castcore_core.error import InvalidError
from castcore_core.ffmpeg.preview import preview
from castcore_core.media.pool import Workers
from castcore_core.plugins.host import PluginHost
from castcore_core.profiles.toolchain import Toolchain
from castcore_core.runner.plan import Argument, JobPlan
from castcore_core.secrets import scrubber
from castcore_core.streams.change import check_parts, check_references, prepare_input
from castcore_core.streams.definition import Fallback, Input, Name, Recording
from castcore_core.streams.drawing import draw, foresee
from castcore_core.streams.inspection import inspect
from castcore_core.streams.resolution import resolve_input
from castcore_core.streams.schemas import Outputs
from castcore_core.streams.subject import Subject, draft_subject, read_subject
from castcore_sdk import CheckResult


class Process(BaseModel):
    """One process that would run."""

    role: str = Field(description="encoder, slate or output.")
    name: str
    argv: list[str] = Field(description="Arguments; secrets are masked, places that are filled in later are named.")


class InProcess(BaseModel):
    """A destination that is published to without a process of its own."""

    name: str
    url: str


class Remark(BaseModel):
    """What a person should know."""

    code: str
    params: dict[str, str | int | float | bool] = Field(default_factory=dict)


class Preview(BaseModel):
    """Everything that would run."""

    processes: list[Process]
    in_process: list[InProcess]
    warnings: list[Remark]


class PreviewRequest(BaseModel):
    """A kept job, or one that is just being written."""

    model_config = ConfigDict(extra="forbid")

    job_id: UUID | None = None
    name: Name = "preview"
    source: Input | None = None
    profile_id: UUID | None = None
    outputs: Outputs = Field(default_factory=list)
    fallback: Fallback = Fallback()
    recording: Recording = Recording()


async def preview_of(core: Core, wanted: PreviewRequest, role: Role) -> Subject:
    """Return what is to be shown. Raises NotFoundError, InvalidError, ConfigurationError, UnavailableError."""
    if wanted.job_id is not None:
        return await read_subject(core, wanted.job_id, {})
    if wanted.source is None:
        raise InvalidError.at("source", type="missing")
    await check_parts(core, wanted.fallback, wanted.recording, role)
    await check_references(wanted.profile_id, wanted.outputs)
    prepared = await prepare_input(core, wanted.source, role)
    outputs = [(each.destination_id, each.profile_id) for each in wanted.outputs if each.enabled]
    return await draft_subject(
        wanted.name, prepared.input, wanted.profile_id, outputs, wanted.fallback, wanted.recording
    )


async def preview_subject(core: Core, subject: Subject) -> Preview:
    """Return what would run. Files are looked into, addresses are not. Raises CastCoreError for what cannot work."""
    source = await resolve_input(core, subject.input)
    look = source.kind == "file"
    media = await inspect(source, pool=core.get(Workers).front) if look else None
    planned = await draw(core, subject, media, foresee(core, subject))
    build = await core.get(Toolchain).build()
    results: list[CheckResult] = [*build.warnings(), *planned.notices]
    warnings = [Remark(code=each.code, params=dict(each.params)) for each in results]
    foreign = [each for each in subject.outputs if not _is_builtin(core, each.destination.type)]
    warnings += [
        Remark(code="streams.address_unforeseen", params={"destination": each.destination.name}) for each in foreign
    ]
    return Preview(
        processes=list(_processes(planned.plan)),
        in_process=[
            InProcess(name=each.name, url=each.endpoint.url)
            for each in planned.plan.outputs
            if each.endpoint is not None
        ],
        warnings=warnings,
    )


def _processes(plan: JobPlan) -> Iterator[Process]:
    if plan.encoder is not None:
        yield _process(plan, "encoder", plan.source.name, plan.encoder.arguments)
    for rendition in plan.renditions:
        if rendition.slate is not None:
            yield _process(plan, "slate", rendition.id, rendition.slate.arguments)
    for output in plan.outputs:
        if output.arguments:
            yield _process(plan, "output", output.name, output.arguments)


def _process(plan: JobPlan, role: str, name: str, arguments: tuple[Argument, ...]) -> Process:
    return Process(role=role, name=name, argv=[plan.ffmpeg, *map(scrubber.scrub, preview(arguments))])


def _is_builtin(core: Core, type_id: str) -> bool:
    registered = core.get(PluginHost).registry.destinations.get(type_id)
    return registered is not None and registered.plugin == "builtin"
