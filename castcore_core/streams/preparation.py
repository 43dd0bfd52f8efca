"""Turn a request into a plan: look at everything, open the destinations, and say what is wrong before anything runs."""

from __future__ import annotations

import asyncio
import math
import os
import ssl
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import certifi

from castcore_core.ffmpeg.build import FFmpegBuild
from castcore_core.ffmpeg.profile import Profile
from castcore_core.ffmpeg.source import FileSource
from castcore_core.media.info import MediaInfo
from castcore_core.media.probe import probe
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.instance import Instance
from castcore_core.plugins.registry import Registered
from castcore_core.profiles.encoding import encoder_for
from castcore_core.streams.conflict import check_conflicts
from castcore_core.streams.inspection import inspect
from castcore_core.streams.placeholder import has_placeholder, read_lines
from castcore_core.streams.planner import Delivery, Planned, Programme, plan_job
from castcore_core.streams.profile import load_profile
from castcore_core.streams.request import RunRequest
from castcore_core.streams.source import Source, parse_source, shown
from castcore_core.streams.target import Target, parse_targets
from castcore_sdk import (
    BroadcastMetadata,
    BroadcastRequest,
    CheckResult,
    ConfigurationError,
    Destination,
    PublishProtocol,
    PublishTarget,
    Severity,
    TemporaryError,
)

_LOOK_PAUSE = 0.5
_LONGEST_LOOK = 10.0
"""Seconds that one look at a source may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A plan that can be started, and the destinations to close afterwards."""

    planned: Planned
    source: Source
    media: MediaInfo | None
    profile: Profile
    names: dict[str, str]
    """Output id → what to call it."""
    notices: Sequence[CheckResult]
    opened: Sequence[tuple[Instance[Destination[Any]], str]]

    async def close(self) -> None:
        """Tell every destination that its broadcast is over, whatever one of them does."""
        await asyncio.gather(*(_close(*each) for each in self.opened), return_exceptions=True)


async def prepare(request: RunRequest, host: PluginHost, build: FFmpegBuild) -> Prepared:
    """Return a plan for the request. Raises CastCoreError for the first thing that cannot work."""
    source = parse_source(request.input)
    targets = _targets(request, host)
    profile = load_profile(request.profile)
    _check_options(request, source, profile)
    if request.encoder:
        profile = profile.model_copy(update={"encoder": request.encoder})
    ca_file = _authorities(request.ca_file)
    media = await _look_into(source, request.source_within, ca_file, build)
    still = await _still(request.still)
    encoder = encoder_for(host, profile)
    job_id = f"run-{uuid.uuid4()}"
    opened: list[tuple[Instance[Destination[Any]], str]] = []
    try:
        deliveries = [await _open(number, each, job_id, source, host, opened) for number, each in enumerate(targets, 1)]
        check_conflicts([each.target for each in deliveries], source)
        with as_file(files("castcore_core") / "fonts" / "NotoSans-Regular.ttf") as font:
            programme = Programme(
                job_id=job_id,
                source=source,
                media=media,
                profile=profile,
                encoder=encoder,
                deliveries=deliveries,
                font=str(font),
                ca_file=ca_file,
                still=still,
                audio_track=request.audio_track,
                no_audio=request.no_audio,
                loop=request.loop,
                start_at=request.start_at,
                duration=request.duration,
                source_within=request.source_within,
                give_up_after=request.give_up_after,
            )
            planned = plan_job(programme, build)
    except BaseException:
        await asyncio.gather(*(_close(*each) for each in opened), return_exceptions=True)
        raise
    return Prepared(
        planned=planned,
        source=source,
        media=media,
        profile=profile,
        names=_distinct(deliveries),
        notices=(*_in_sight(request, source, targets), *build.warnings(), *planned.notices),
        opened=opened,
    )


def _targets(request: RunRequest, host: PluginHost) -> list[Target]:
    keys = read_lines(str(request.key_file)) if request.key_file else []
    texts = list(request.targets)
    if request.record is not None:
        texts.append(f"file:/{os.path.abspath(request.record).lstrip('/')}")  # noqa: PTH100  two slashes mean a URL
    if not texts:
        raise ConfigurationError("streams.no_target")
    targets = parse_targets(texts, host, keys=keys)
    for target in targets:
        if request.overwrite and "overwrite" in target.destination.item.config_model.model_fields:
            target.config["overwrite"] = True
    return targets


def _check_options(request: RunRequest, source: Source, profile: Profile) -> None:
    """Refuse options that the input cannot have, rather than pass them over."""
    only_files = {"--loop": request.loop, "--seek": request.start_at > 0}
    for option, given in only_files.items():
        if given and source.kind != "file":
            raise ConfigurationError("streams.option_needs_file", params={"option": option})
    if profile.copies_video and request.encoder:
        raise ConfigurationError("streams.copy_takes_no_encoder")
    if profile.copy_mode != "off" and source.kind in ("test", "device"):
        raise ConfigurationError("streams.nothing_to_copy")


def _authorities(path: Path | None) -> str:
    """Return the file of authorities to trust, whole and absolute. Raises ConfigurationError ``rtmp.ca_unreadable``."""
    if path is None:
        return certifi.where()
    try:
        ssl.create_default_context(cafile=path)
    except OSError:  # also ssl.SSLError: no certificate in it
        raise ConfigurationError("rtmp.ca_unreadable", params={"file": shown(str(path))}) from None
    return str(path.absolute())


async def _look_into(source: Source, seconds: float | None, ca_file: str, build: FFmpegBuild) -> MediaInfo | None:
    """Inspect the source, again and again for ``seconds`` where it is a feed that may yet come up."""
    loop = asyncio.get_running_loop()
    until = loop.time() + (math.inf if seconds is None else seconds)
    while True:
        left = min(_LONGEST_LOOK, until - loop.time())
        try:
            return await inspect(source, timeout=max(1.0, left), ca_file=ca_file, ffmpeg=build.path)
        except TemporaryError:
            if not source.live or loop.time() + _LOOK_PAUSE >= until:
                raise
        await asyncio.sleep(_LOOK_PAUSE)


async def _still(path: Path | None) -> FileSource | None:
    if path is None:
        return None
    media = await probe(path)
    if not media.video:
        raise ConfigurationError("streams.still_not_picture", params={"path": shown(str(path))})
    return FileSource(path=os.path.join(os.getcwd(), path), media=media)  # noqa: PTH109, PTH118


async def _open(
    number: int,
    target: Target,
    job_id: str,
    source: Source,
    host: PluginHost,
    opened: list[tuple[Instance[Destination[Any]], str]],
) -> Delivery:
    registered: Registered[type[Destination[Any]]] = target.destination
    output = f"out{number}"
    await host.greet(registered.plugin)
    instance = host.create(registered, target.config, instance=f"{job_id}-{output}")
    metadata = BroadcastMetadata(title=source.name)
    request = BroadcastRequest(broadcast_id=f"{job_id}-{output}", metadata=metadata)
    try:
        await instance.start()
        broadcast = await instance.call(instance.extension.open_broadcast, request)
    except BaseException:
        await instance.close()
        raise
    opened.append((instance, broadcast.reference))
    return Delivery(
        id=output,
        name=_name(registered.id, broadcast),
        target=broadcast,
    )


def _name(kind: str, target: PublishTarget) -> str:
    if target.protocol in (PublishProtocol.HLS, PublishProtocol.FILE):
        return f"{kind} {shown(Path(target.url).name, 40)}"
    address = shown(target.url, 60)
    return address if address.startswith(f"{kind}:") else f"{kind} {address}"


def _distinct(deliveries: Sequence[Delivery]) -> dict[str, str]:
    """Return the names by id, with a number behind those that occur more than once."""
    seen: Counter[str] = Counter()
    often = Counter(each.name for each in deliveries)
    names = {}
    for each in deliveries:
        seen[each.name] += 1
        names[each.id] = f"{each.name} ({seen[each.name]})" if often[each.name] > 1 else each.name
    return names


async def _close(instance: Instance[Destination[Any]], reference: str) -> None:
    try:
        await instance.call(instance.extension.close_broadcast, reference)
    finally:
        await instance.close()


def _in_sight(request: RunRequest, source: Source, targets: Sequence[Target]) -> list[CheckResult]:
    """Say when a secret was typed into the command line."""
    seen = source.has_secret and not has_placeholder(request.input)
    if request.typed and (seen or any(each.key_in_sight for each in targets)):
        return [CheckResult(code="security.key_in_sight", severity=Severity.WARNING)]
    return []
