"""The ffmpeg in use and the encoders that work with it, looked at once and kept."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from castcore_core.core import Core
from castcore_core.ffmpeg.build import FFmpegBuild, find_build
from castcore_core.ffmpeg.capability import CapabilityProbe
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.life import cache_folder
from castcore_core.settings import Settings
from castcore_core.streams.encoder import EncoderStatus, survey_encoders


class Toolchain:
    """Knows the ffmpeg to use; asks it again only when the file or the setting has changed."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._builds: dict[str | None, FFmpegBuild] = {}
        self._surveys: dict[tuple[str, tuple[str, ...]], list[EncoderStatus]] = {}
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
        """Return every encoder and whether it works here; proven by short encodes at the first call.

        Raises CastCoreError where ffmpeg does not answer.
        """
        host = self._core.get(PluginHost)
        async with self._surveying:
            build = await self.build()
            key = (build.identity, tuple(sorted(host.registry.encoder_profiles)))
            if key not in self._surveys:
                self._surveys = {key: await survey_encoders(host, CapabilityProbe(build, cache_folder()))}
            return self._surveys[key]


def _is_same(build: FFmpegBuild) -> bool:
    try:
        status = os.stat(build.path)  # noqa: PTH116
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (build.size, build.modified_ns)
