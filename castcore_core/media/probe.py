"""Ask a worker process what a file, an address or some bytes hold."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import certifi

from castcore_core.media.info import MediaInfo
from castcore_core.media.member import Answer, Member
from castcore_core.media.pool import Pool
from castcore_core.media.sample import sample_srt
from castcore_sdk.errors import ConfigurationError

SCHEMES = frozenset({"http", "https", "rtsp", "rtsps", "udp"})
"""Addresses that can be probed; RTMP is read by ``castcore_core.rtmp`` and probed as bytes."""


async def probe(
    location: Path | str,
    *,
    timeout: float = 10.0,
    ca_file: str | None = None,
    ffmpeg: str | None = None,
    stored: bool = False,
    pool: Pool | None = None,
) -> MediaInfo:
    """Describe the media at ``location``: a Path is a local file, a str an address such as ``https://…``.

    ``stored``: the address is that of a file. A file that leads to others, as playlists do, is no media.
    ``timeout`` is in seconds; ``ca_file`` a PEM file of trusted authorities, certifi's where None. PyAV's libraries
    do not speak SRT: such an address is sampled with the build at ``ffmpeg``, and not known where that is None.
    Without a ``pool`` the worker is started for this probe alone.
    Raises NotFoundError, PermanentError or TemporaryError with a code ``media.…`` or, for addresses, ``ffmpeg.…``;
    ConfigurationError for an address of another kind.
    """
    if isinstance(location, str) and urlsplit(location).scheme == "srt" and ffmpeg is not None:
        data = await sample_srt(ffmpeg, location, timeout)
        return await probe_bytes(data, form="mpegts", timeout=timeout, pool=pool)
    place = located(location, ca_file=ca_file, stored=stored)
    return (await _ask({"task": "info", **place}, timeout, pool=pool)).info()


async def probe_bytes(data: bytes, *, form: str = "flv", timeout: float = 10.0, pool: Pool | None = None) -> MediaInfo:
    """Describe the beginning of a stream held in memory; ``form`` is FFmpeg's name of its format.

    Raises as ``probe`` does.
    """
    return (await _ask({"task": "info", "kind": "bytes", "format": form}, timeout, data, pool=pool)).info()


def located(location: Path | str, *, ca_file: str | None = None, stored: bool = False) -> dict[str, str | bool]:
    """Return where media is as a worker's request names it. Raises ConfigurationError ``media.unknown_scheme``."""
    if isinstance(location, Path):
        return {"kind": "path", "location": os.path.join(os.getcwd(), location)}  # noqa: PTH109, PTH118
    if urlsplit(location).scheme not in SCHEMES:
        raise ConfigurationError("media.unknown_scheme", params={"known": ", ".join(sorted(SCHEMES))})
    return {"kind": "url", "location": location, "ca_file": ca_file or certifi.where(), "stored": stored}


async def _ask(request: Mapping[str, Any], timeout: float, data: bytes = b"", *, pool: Pool | None) -> Answer:
    if pool is not None:
        return await pool.ask(request, timeout, data)
    member = Member()
    try:
        return await member.ask(request, timeout, data)
    finally:
        await member.end()
