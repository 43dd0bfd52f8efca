"""Put subject, media and deliveries before the planner; foresee the deliveries where nothing may be touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import certifi

from castcore_core.accounts.role import Role
from castcore_core.assets.service import Assets
from castcore_core.builtin.foreseen import Foreseen
from castcore_core.core import Core
from castcore_core.destinations.service import Destinations
from castcore_core.ffmpeg.slate import SlateLook
from castcore_core.ffmpeg.video import Rendition
from castcore_core.media.info import MediaInfo
from castcore_core.profiles.choice import Chosen, Encoders
from castcore_core.profiles.toolchain import Toolchain
from castcore_core.runner.plan import JobPlan
from castcore_core.streams.definition import Fallback, FileInput, PlayedInput, UrlInput
from castcore_core.streams.planner import RENDITION, Delivery, Planned, Programme, plan_job
from castcore_core.streams.reach import Reach
from castcore_core.streams.record import foreseen_recording
from castcore_core.streams.resolution import resolve_input
from castcore_core.streams.source import Source
from castcore_core.streams.subject import Subject, SubjectOutput
from castcore_sdk import (
    CheckResult,
    ConfigurationError,
    Destination,
    NotFoundError,
    PublishProtocol,
    PublishTarget,
    Severity,
)

_PREFERRED = (PublishProtocol.RTMPS, PublishProtocol.RTMP, PublishProtocol.SRT)


async def draw(
    core: Core, subject: Subject, media: MediaInfo | None, deliveries: Sequence[Delivery], *, keep: bool = False
) -> Planned:
    """Return the plan; with ``keep`` on the encoders that the job is running on.

    Raises CastCoreError for what does not go together.
    """
    await _check_again(core, subject)
    source = await resolve_input(core, subject.input)
    build = await core.get(Toolchain).build()
    look, remarks = await _look(core, subject)
    chosen = await core.get(Encoders).choose(subject.encodings, holder=subject.id, keep=keep)
    with as_file(files("castcore_core") / "fonts" / "NotoSans-Regular.ttf") as font:
        planned = plan_job(_programme(subject, source, media, deliveries, font, chosen, look), build)
    plan = replace(_with_fallback(planned.plan, subject.fallback), name=subject.name)
    choices = tuple(choice for _, choice in chosen.values() if choice is not None)
    told = tuple(notice for choice in choices if (notice := choice.notice()) is not None)
    return replace(planned, plan=plan, choices=choices, notices=(*planned.notices, *told, *remarks))


def foresee(core: Core, subject: Subject) -> list[Delivery]:
    """Return the deliveries as far as they follow from configuration; nothing is touched. Raises CastCoreError."""
    deliveries = [
        Delivery(id=each.id, name=each.destination.name, target=_target(core, each), rendition=each.rendition)
        for each in subject.outputs
    ]
    if subject.recording.enabled:
        deliveries.append(foreseen_recording(core, subject.name, subject.recording))
    return deliveries


async def _check_again(core: Core, subject: Subject) -> None:
    """Refuse what was allowed when it was kept and is not any more."""
    reach = core.get(Reach)
    if isinstance(subject.input, FileInput):
        await reach.check_path(subject.input.path, Role.ADMIN, "source.path")
    elif isinstance(subject.input, UrlInput):
        await reach.check_address(subject.input.url.get_secret_value(), "source.url")
    if subject.source.kind in ("test", "device") and any(
        each.profile.copy_mode != "off" for each in subject.encodings.values()
    ):
        raise ConfigurationError("streams.nothing_to_copy")


def _programme(
    subject: Subject,
    source: Source,
    media: MediaInfo | None,
    deliveries: Sequence[Delivery],
    font: Path,
    chosen: Mapping[str, Chosen],
    look: SlateLook,
) -> Programme:
    file = subject.input if isinstance(subject.input, PlayedInput) else None
    return Programme(
        job_id=subject.id,
        source=source,
        media=media,
        profile=subject.main.profile,
        encoder=chosen[RENDITION][0],
        further=tuple(
            Rendition(id=name, profile=each.profile, encoder=chosen[name][0]) for name, each in subject.further.items()
        ),
        deliveries=deliveries,
        font=str(font),
        ca_file=certifi.where(),
        audio_track=file.audio_track if file else 0,
        loop=file.loop if file else False,
        start_at=file.start_at if file else 0.0,
        lifetime="detached",
        slate=look,
    )


async def _look(core: Core, subject: Subject) -> tuple[SlateLook, tuple[CheckResult, ...]]:
    """Return what the slate shows. Where its asset's file has gone it is the built-in one: a job needs some slate."""
    fallback = subject.fallback
    text = subject.name if fallback.kind in ("still", "video") else None
    look = SlateLook(color=fallback.color, text=text)
    if fallback.shown_asset is None:
        return look, ()
    assets = core.get(Assets)
    try:
        asset = await assets.get(fallback.shown_asset)
        path = await assets.existing(asset)
    except NotFoundError as error:
        return look, (CheckResult(code=error.code, severity=Severity.WARNING),)
    return replace(look, picture=str(path), seconds=asset.duration or look.seconds), ()


def _with_fallback(plan: JobPlan, fallback: Fallback) -> JobPlan:
    if fallback.kind == "none":
        plan = replace(plan, renditions=tuple(replace(each, slate=None) for each in plan.renditions))
    return replace(plan, slate_after=fallback.after_ms / 1000)


def _target(core: Core, output: SubjectOutput) -> PublishTarget:
    instance = core.get(Destinations).configurations.instance(output.destination, name=f"foresee-{output.id}")
    extension: Destination[Any] = instance.extension
    if isinstance(extension, Foreseen):
        return instance.call_sync(extension.target, output.id)
    protocols = type(extension).protocols
    protocol = next((each for each in _PREFERRED if each in protocols), min(protocols))
    # Only its platform knows the address, and asking it would make a broadcast there.
    return PublishTarget(
        reference=output.id, protocol=protocol, url=f"{protocol}://{output.destination.type}.invalid/live"
    )
