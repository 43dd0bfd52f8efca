"""The checks of a preflight. They run side by side, each in its own time, and none of them publishes anything."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import psutil

from castcore_core.core import Core
from castcore_core.destinations.service import Destinations
from castcore_core.media.info import MediaInfo
from castcore_core.platforms.models import PlatformAccount
from castcore_core.plugins.host import PluginHost
from castcore_core.preflight.check import Category, Check, of_error, of_result, ok, stop, warn, worst
from castcore_core.preflight.limit import exceeded, format_of, limits_for
from castcore_core.profiles.choice import Encoders
from castcore_core.profiles.toolchain import Toolchain
from castcore_core.streams.definition import DeviceInput, IngestInput, PlayedInput
from castcore_core.streams.drawing import draw, foresee
from castcore_core.streams.exclusion import holder_of
from castcore_core.streams.planning import JobPlanner
from castcore_core.streams.port import can_listen
from castcore_core.streams.record import recording_folder
from castcore_core.streams.subject import Subject, SubjectOutput
from castcore_sdk import CastCoreError

_LIMIT_S = 20.0
_DESTINATION_S = 12.0
_LITTLE_DISK = 2 << 30
_LITTLE_MEMORY = 512 << 20
_BUSY_CPU = 85.0
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
"""Channels of a sound → its name, the same in every language."""


class Examination:
    """All checks of one job. ``on_air`` says that it runs already, so that its own port is no obstacle."""

    def __init__(self, core: Core, subject: Subject, *, on_air: bool) -> None:
        self._core = core
        self._subject = subject
        self._on_air = on_air
        self._media: asyncio.Task[MediaInfo | None] | None = None

    async def run(self) -> AsyncIterator[Check]:
        """Yield each line as soon as it is known."""
        queue: asyncio.Queue[Sequence[Check] | None] = asyncio.Queue()
        self._media = asyncio.create_task(self._core.get(JobPlanner).look(self._subject))
        tasks = [asyncio.create_task(self._timed(category, part, queue)) for category, part in self._parts()]
        try:
            for _ in tasks:
                for check in await queue.get() or ():
                    yield check
        finally:
            for task in (*tasks, self._media):
                task.cancel()
            await asyncio.gather(*tasks, self._media, return_exceptions=True)

    def _parts(self) -> list[tuple[Category, Callable[[], Awaitable[Sequence[Check]]]]]:
        return [
            ("ffmpeg", self._ffmpeg),
            ("encoder", self._encoders),
            ("source", self._source),
            ("plan", self._plan),
            ("limits", self._limits),
            ("destination", self._destinations),
            ("machine", self._machine),
        ]

    async def _timed(
        self,
        category: Category,
        part: Callable[[], Awaitable[Sequence[Check]]],
        queue: asyncio.Queue[Sequence[Check] | None],
    ) -> None:
        found: Sequence[Check] = ()
        try:
            async with asyncio.timeout(_LIMIT_S):
                found = await part()
        except TimeoutError:
            found = [warn("preflight.timeout", category, seconds=round(_LIMIT_S))]
        except CastCoreError as error:
            found = [of_error(error, category)]
        finally:
            queue.put_nowait(found)

    async def _ffmpeg(self) -> Sequence[Check]:
        build = await self._core.get(Toolchain).build()
        known = [of_result(each, "ffmpeg") for each in build.warnings()]
        return known or [ok("preflight.ffmpeg", "ffmpeg", version=build.label)]

    async def _encoders(self) -> Sequence[Check]:
        try:
            chosen = await self._core.get(Encoders).choose(self._subject.encodings, holder=self._subject.id)
        except CastCoreError as error:
            return [of_error(error, "encoder")]
        lines: list[Check] = []
        for choice in (choice for _, choice in chosen.values() if choice is not None):
            notice = choice.notice()
            lines.append(
                of_result(notice, "encoder") if notice else ok("preflight.encoder", "encoder", encoder=choice.encoder)
            )
        return lines or [ok("preflight.no_encoder_needed", "encoder")]

    async def _source(self) -> Sequence[Check]:
        name = self._subject.source.name
        match self._subject.input:
            case IngestInput(port=int(port), host=host):
                free = self._on_air or await can_listen(host or self._core.configuration.host, port)
                code = "preflight.ingest" if free else "preflight.port_in_use"
                # Whoever holds it may be gone by then, so this blocks nothing.
                return [Check(code=code, category="source", level="green" if free else "red", params={"port": port})]
            case DeviceInput(device=device):
                usable = os.access(device, os.R_OK)
                code = "preflight.device" if usable else "preflight.device_missing"
                return [
                    Check(code=code, category="source", level="green" if usable else "red", params={"device": device})
                ]
            case PlayedInput():
                media = await self._seen()
                lines = [_described(name, media)]
                return lines + [warn(code, "source") for code in (media.warnings if media else ())]
        try:
            return [_described(name, await self._seen())]
        except CastCoreError as error:
            # A live source may come later: the engine tries again and again.
            return [Check(code=error.code, category="source", level="yellow", params=error.params)]

    async def _plan(self) -> Sequence[Check]:
        try:
            media = await self._seen()
        except CastCoreError:
            if isinstance(self._subject.input, PlayedInput):
                return []
            media = None
        if not self._subject.outputs and not self._subject.recording.enabled:
            return [stop("streams.no_output", "plan", name=self._subject.name)]
        planned = await draw(self._core, self._subject, media, foresee(self._core, self._subject))
        return [of_result(each, "plan") for each in planned.notices] or [ok("preflight.plan", "plan")]

    async def _destinations(self) -> Sequence[Check]:
        outputs = self._subject.outputs
        found = await asyncio.gather(*(self._destination(each) for each in outputs))
        lines = [line for part in found for line in part]
        dead = [part for part in found if worst(part) == "red"]
        if outputs and len(dead) == len(outputs) and not self._subject.recording.enabled:
            lines.append(Check(code="preflight.no_destination", category="destination", level="red"))
            return lines
        # One that others make up for is no reason to stay off the air.
        return [_softened(line) for line in lines]

    async def _destination(self, output: SubjectOutput) -> list[Check]:
        name = output.destination.name
        holder = await holder_of([output.destination.id], but=self._subject.id)
        if holder is not None:
            return [stop("streams.destination_busy", "destination", destination=holder[0], job=holder[1])]
        account = await PlatformAccount.get_or_none(id=output.destination.account_id)  # type: ignore[attr-defined]
        if account is not None and account.state != "connected":
            # Without asking the plugin, which could only say the same.
            lost = account.state == "reauthentication"
            code = "platforms.reauthentication" if lost else "platforms.not_connected"
            params = {"account": account.name, "destination": name}
            return [Check(code=code, category="destination", level="red", params=params)]
        results = await self._core.get(Destinations).configurations.check(output.destination, timeout=_DESTINATION_S)
        lines = [of_result(each, "destination") for each in results]
        lines = [_named(line, name) for line in lines]
        return lines or [ok("preflight.destination", "destination", destination=name)]

    async def _limits(self) -> Sequence[Check]:
        host = self._core.get(PluginHost)
        media = await self._seen_or_none()
        lines: list[Check] = []
        for output in self._subject.outputs:
            encoded = self._subject.encodings[output.rendition]
            picture = format_of(encoded.profile, media, host)
            limits = limits_for(self._core, output.destination, picture)
            lines += [
                warn(f"preflight.over_{what}", "limits", destination=output.destination.name, value=value, limit=limit)
                for what, value, limit in exceeded(encoded.profile, limits, picture)
            ]
        return lines or [ok("preflight.limits", "limits")]

    async def _machine(self) -> Sequence[Check]:
        cpu = await asyncio.to_thread(psutil.cpu_percent, 0.5)
        memory = psutil.virtual_memory().available
        lines: list[Check] = []
        if cpu > _BUSY_CPU:
            lines.append(warn("preflight.busy_cpu", "machine", percent=round(cpu)))
        if memory < _LITTLE_MEMORY:
            lines.append(warn("preflight.little_memory", "machine", free=round(memory / 1e6)))
        if self._subject.recording.enabled:
            folder = recording_folder(self._core, self._subject.recording)
            free = await asyncio.to_thread(_free_space, folder)
            if free < _LITTLE_DISK:
                lines.append(warn("preflight.little_disk", "machine", path=str(folder), free=round(free / 1e6)))
        return lines or [ok("preflight.machine", "machine")]

    async def _seen(self) -> MediaInfo | None:
        assert self._media is not None
        return await asyncio.shield(self._media)

    async def _seen_or_none(self) -> MediaInfo | None:
        try:
            return await self._seen()
        except CastCoreError:
            return None


def _described(name: str, media: MediaInfo | None) -> Check:
    if media is None:
        return ok("preflight.source", "source", source=name)
    params: dict[str, str | int | float | bool] = {"source": name, "picture": "-", "sound": "-"}
    if media.video:
        width, height = media.video[0].displayed
        params["picture"] = f"{media.video[0].codec} {width}x{height}"
    if media.audio:
        channels = media.audio[0].channels
        params["sound"] = f"{media.audio[0].codec} {_LAYOUTS.get(channels, f'{channels}ch')}"
    return Check(code="preflight.source_seen", category="source", level="green", params=params)


def _named(line: Check, destination: str) -> Check:
    params = {**line.params, "destination": destination}
    return Check(code=line.code, category=line.category, level=line.level, blocking=line.blocking, params=params)


def _softened(line: Check) -> Check:
    if line.level != "red" or line.blocking:
        return line
    return Check(code=line.code, category=line.category, level="yellow", params=line.params)


def _free_space(folder: Path) -> int:
    place = next(each for each in (folder, *folder.parents) if each.exists())
    return shutil.disk_usage(place).free
