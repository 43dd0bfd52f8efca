"""Look into a source before it is used."""

from __future__ import annotations

from pathlib import Path

from castcore_core.media.info import MediaInfo
from castcore_core.media.pool import Pool
from castcore_core.media.probe import probe
from castcore_core.streams.sample import sample_rtmp
from castcore_core.streams.source import Source


async def inspect(
    source: Source,
    *,
    timeout: float = 10.0,
    ca_file: str | None = None,
    ffmpeg: str | None = None,
    pool: Pool | None = None,
) -> MediaInfo | None:
    """Return what ``source`` contains; None for what tells nothing before it runs: push-in, devices, the test pattern.

    ``timeout`` is in seconds; ``ffmpeg`` is the path of a build, which SRT is read with. Without a
    ``pool`` a worker is started for this look alone.
    Raises CastCoreError with a code ``media.…``, ``ffmpeg.…`` or ``rtmp.…``.
    """
    match source.kind:
        case "file":
            return await probe(Path(source.location), timeout=timeout, pool=pool)
        case "url":
            return await probe(source.location, timeout=timeout, ca_file=ca_file, ffmpeg=ffmpeg, pool=pool)
        case "stored":
            return await probe(source.location, timeout=timeout, stored=True, pool=pool)
        case "pull":
            return await sample_rtmp(source.location, timeout=timeout, ca_file=ca_file, pool=pool)
    return None
