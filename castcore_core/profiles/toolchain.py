"""The ffmpeg in use and the encoders that work with it; what works is looked at once."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from castcore_core.core import Core
from castcore_core.ffmpeg.build import FFmpegBuild, find_build
from castcore_core.ffmpeg.capability import CapabilityProbe
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.life import cache_folder
from castcore_core.settings import Settings
from castcore_core.streams.encoder import EncoderStatus, survey_encoders

RETRY_S = 60.0
"""Seconds after which a survey in which something failed is made again.

A driver is mended, or a device becomes free, without a word to us. What works costs nothing then, for the probe
remembers it; a device that hangs costs its 15 seconds once a minute at most, and only while somebody looks.
"""


class Toolchain:
    """Knows the ffmpeg to use; asks it again only when the file or the setting has changed."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._builds: dict[str | None, FFmpegBuild] = {}
        self._survey: tuple[object, float, list[EncoderStatus]] = (None, 0.0, [])
        self._surveying = asyncio.Lock()

    async def build(self) -> FFmpegBuild:
        """Return the build to use. Raises ConfigurationError ``ffmpeg.…``."""
        setting = (await self._core.get(Settings).read()).ffmpeg_path
        configured = Path(setting) if setting else self._core.configuration.ffmpeg
        key = str(configured) if configured else None
        kept = self._builds.get(key)
        if kept is None or not await asyncio.to_thread(_is_same, kept):
            kept = self._builds[key] = await find_build(configured)
        return kept

    async def probe(self) -> CapabilityProbe:
        """Return what tries out the build. Raises ConfigurationError."""
        return CapabilityProbe(await self.build(), cache_folder())

    async def encoders(self) -> list[EncoderStatus]:
        """Return every encoder and whether it works here, proven by short encodes.

        An answer in which all work is kept while build and plugins stay the same, every other for `RETRY_S`.
        Raises CastCoreError where ffmpeg does not answer.
        """
        host = self._core.get(PluginHost)
        async with self._surveying:
            build = await self.build()
            key = (build.identity, tuple(sorted(host.registry.encoder_profiles)))
            known, made, found = self._survey
            failed = any(not each.works for each in found)
            if known != key or (failed and time.monotonic() - made >= RETRY_S):
                found = await survey_encoders(host, CapabilityProbe(build, cache_folder()))
                self._survey = (key, time.monotonic(), found)
            return found


def _is_same(build: FFmpegBuild) -> bool:
    try:
        status = os.stat(build.path)  # noqa: PTH116
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (build.size, build.modified_ns)
