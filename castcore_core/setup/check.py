"""Look at the machine: system, ffmpeg, encoders, plugins, folders, network."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import socket
import sys
import tempfile
from collections.abc import Awaitable, Sequence
from importlib.resources import files
from pathlib import Path

import certifi
import psutil

import castcore_core
from castcore_core.ffmpeg.build import FFmpegBuild, find_build
from castcore_core.ffmpeg.capability import CapabilityProbe
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.state import PluginState
from castcore_core.streams.encoder import EncoderStatus, survey_encoders
from castcore_sdk import CastCoreError, CheckResult, ConfigurationError, Severity

LITTLE_DISK = 2 << 30
"""Bytes; at 6 Mbit/s a recording takes 2.7 GB an hour."""
LITTLE_MEMORY = 512 << 20
_MACHINES = frozenset({"x86_64", "aarch64", "arm64"})
_NAME = "a.rtmps.youtube.com"
"""Looked up, never connected to."""
_LOOKUP_SECONDS = 3.0
_BUS_CODECS = frozenset({"h264", "aac"})


async def check_machine(host: PluginHost, data: Path, cache: Path, ffmpeg: Path | None) -> list[CheckResult]:
    """Return one line per thing that was looked at, in the order in which a person would mend them. Changes nothing."""
    build, about_build = await _build(ffmpeg)
    rest: list[Awaitable[Sequence[CheckResult]]] = [
        asyncio.to_thread(_folder, data),
        asyncio.to_thread(_sockets),
        asyncio.to_thread(_resources),
        _network(),
    ]
    encoding = _encoders(host, CapabilityProbe(build, cache)) if build else _nothing()
    answers = await asyncio.gather(encoding, *rest)
    return [*_system(), *about_build, *answers[0], *_plugins(host), *(line for part in answers[1:] for line in part)]


def _line(code: str, severity: Severity = Severity.OK, **params: str | int | float) -> CheckResult:
    return CheckResult(code=f"doctor.{code}", severity=severity, params=params)


def _system() -> list[CheckResult]:
    name = f"{platform.system()} {platform.release()} {platform.machine()}"
    known = sys.platform == "linux" and platform.machine() in _MACHINES
    line = _line("system" if known else "system_unsupported", Severity.OK if known else Severity.WARNING, name=name)
    return [line, _line("version", version=castcore_core.__version__, python=platform.python_version())]


async def _build(ffmpeg: Path | None) -> tuple[FFmpegBuild | None, list[CheckResult]]:
    try:
        build = await find_build(ffmpeg)
    except ConfigurationError as error:
        return None, [CheckResult(code=error.code, severity=Severity.ERROR, params=error.params)]
    return build, [_line("ffmpeg", version=build.label, path=build.path), *build.warnings()]


async def _nothing() -> list[CheckResult]:
    return []


async def _encoders(host: PluginHost, probe: CapabilityProbe) -> list[CheckResult]:
    try:
        carried = (await probe.capabilities()).bus_codecs
        found = await survey_encoders(host, probe)
    except CastCoreError as error:
        return [CheckResult(code=error.code, severity=Severity.ERROR, params=error.params)]
    lines = [_line("bus", codecs=", ".join(sorted(carried)))]
    if missing := _BUS_CODECS - carried:
        lines = [_line("bus_incomplete", Severity.ERROR, codecs=", ".join(sorted(missing)))]
    return [*lines, *_working(found)]


def _working(found: Sequence[EncoderStatus]) -> list[CheckResult]:
    working = [one.id for one in found if one.works]
    lines = [_line("encoders", names=", ".join(working)) if working else _line("no_encoder", Severity.ERROR)]
    lost = [one for one in found if not one.works and one.plugin == "builtin"]
    return lines + [one.reason for one in lost if one.reason]


def _plugins(host: PluginHost) -> list[CheckResult]:
    loaded = [record.id for record in host.records if record.state is PluginState.LOADED]
    lines = [_line("plugins", count=len(loaded), names=", ".join(loaded))]
    for record in host.records:
        if record.reason is not None and record.state not in (PluginState.LOADED, PluginState.DISABLED):
            lines.append(
                CheckResult(code=record.reason.code, severity=Severity.WARNING, params=dict(record.reason.params))
            )
    return lines


def _folder(data: Path) -> list[CheckResult]:
    free = shutil.disk_usage(data).free
    writable = os.access(data, os.W_OK | os.X_OK)
    if not writable:
        return [_line("folder_unwritable", Severity.ERROR, path=str(data))]
    severity = Severity.WARNING if free < LITTLE_DISK else Severity.OK
    return [_line("disk", severity, path=str(data), free=round(free / 1e9, 1))]


def _sockets() -> list[CheckResult]:
    """Try what every runner needs: a unix socket in a folder of ours."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as trial:
        try:
            trial.bind(f"{folder}/s")
        except OSError as error:
            return [_line("no_sockets", Severity.ERROR, reason=error.strerror or "")]
    return []


def _resources() -> list[CheckResult]:
    lines = []
    memory = psutil.virtual_memory().available
    if memory < LITTLE_MEMORY:
        lines.append(_line("little_memory", Severity.WARNING, free=round(memory / 1e6)))
    if not Path(certifi.where()).is_file():
        lines.append(_line("no_authorities", Severity.ERROR, path=certifi.where()))
    if not files("castcore_core").joinpath("fonts", "NotoSans-Regular.ttf").is_file():
        lines.append(_line("no_font", Severity.ERROR))
    return lines


async def _network() -> list[CheckResult]:
    """See whether names can be looked up; nothing is sent to the platforms."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_LOOKUP_SECONDS):
            await loop.getaddrinfo(_NAME, 443)
    except (OSError, TimeoutError):
        return [_line("no_names", Severity.WARNING, name=_NAME)]
    return [_line("names", name=_NAME)]
