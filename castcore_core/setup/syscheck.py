"""The system check of a server: the machine, and what the server itself needs."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import castcore_core
from castcore_core.core import Core
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.life import cache_folder
from castcore_core.settings import ServerSettings, Settings
from castcore_core.setup.check import check_machine
from castcore_sdk import CastCoreError, CheckResult, Severity

Level = Literal["green", "yellow", "red"]
LEVELS: dict[Severity, Level] = {Severity.OK: "green", Severity.WARNING: "yellow", Severity.ERROR: "red"}

_FRESH_S = 10.0


class SystemCheck:
    """Look at everything once; who asks meanwhile, or within 10 s, gets the same answer."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._lock = asyncio.Lock()
        self._taken = float("-inf")
        self._lines: list[CheckResult] = []

    async def examine(self) -> list[CheckResult]:
        """Return one line per thing; takes seconds, since encoders are tried out."""
        async with self._lock:
            if time.monotonic() - self._taken > _FRESH_S:
                self._lines = await self._examine()
                self._taken = time.monotonic()
            return self._lines

    async def _examine(self) -> list[CheckResult]:
        settings = await self._core.get(Settings).read()
        configured = self._core.configuration.ffmpeg or (Path(settings.ffmpeg_path) if settings.ffmpeg_path else None)
        events = "redis" if self._core.configuration.redis_url else "memory"
        machine, *parts = await asyncio.gather(
            self._machine(configured),
            asyncio.to_thread(_folders, settings),
            asyncio.to_thread(_clock),
            _reachable("database", self._core.database.dialect, self._core.database.check),
            _reachable("events", events, self._core.bus.check),
        )
        return [*machine, _pyav(), *(line for part in parts for line in part)]

    async def _machine(self, ffmpeg: Path | None) -> list[CheckResult]:
        root = self._core.folder.root
        return await check_machine(self._core.get(PluginHost), root, cache_folder(), ffmpeg)


def level_of(lines: Sequence[CheckResult]) -> Level:
    """Return the level of the worst line."""
    worst = max(("green", "yellow", "red").index(LEVELS[line.severity]) for line in lines) if lines else 0
    return ("green", "yellow", "red")[worst]


def _line(code: str, severity: Severity = Severity.OK, **params: str | int) -> CheckResult:
    return CheckResult(code=f"syscheck.{code}", severity=severity, params=params)


async def _reachable(name: str, kind: str, check: Callable[[], Awaitable[None]]) -> list[CheckResult]:
    try:
        await check()
    except CastCoreError as error:
        return [CheckResult(code=error.code, severity=Severity.ERROR, params=error.params)]
    return [_line(name, kind=kind)]


def _pyav() -> CheckResult:
    try:
        return _line("pyav", version=version("av"))
    except PackageNotFoundError:
        return _line("pyav_missing", Severity.ERROR)


def _folders(settings: ServerSettings) -> list[CheckResult]:
    missing = [root for root in settings.media_roots if not os.access(root, os.R_OK | os.X_OK)]
    return [_line("folder_unreadable", Severity.WARNING, path=path) for path in missing]


def _clock() -> list[CheckResult]:
    # Certificates and one-time codes fail with a wrong clock; before this program was installed it is surely wrong.
    installed = Path(castcore_core.__file__).stat().st_mtime
    if time.time() < installed - 24 * 3600:
        return [_line("clock_wrong", Severity.ERROR, time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))]
    return [_line("clock", time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))]
