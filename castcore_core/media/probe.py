"""Ask a worker process what a file, an address or some bytes hold."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import certifi

from castcore_core.media.info import MediaInfo
from castcore_core.media.sample import sample_srt
from castcore_sdk.errors import CastCoreError, ConfigurationError, NotFoundError, PermanentError, TemporaryError

SCHEMES = frozenset({"http", "https", "rtsp", "rtsps", "udp"})
"""Addresses that can be probed; RTMP is read by ``castcore_core.rtmp`` and probed as bytes."""

_ANSWER_BYTES = 1 << 20
_START_SECONDS = 5.0
"""What a worker may need to start on a busy machine, beyond the time for the probe itself."""

_COMMAND = (sys.executable, "-I", "-m", "castcore_core.media.worker")


async def probe(
    location: Path | str, *, timeout: float = 10.0, ca_file: str | None = None, ffmpeg: str | None = None
) -> MediaInfo:
    """Describe the media at ``location``: a Path is a local file, a str an address such as ``https://…``.

    ``timeout`` is in seconds; ``ca_file`` a PEM file of trusted authorities, certifi's where None. PyAV's libraries
    do not speak SRT: such an address is sampled with the build at ``ffmpeg``, and not known where that is None.
    Raises NotFoundError, PermanentError or TemporaryError with a code ``media.…`` or, for addresses, ``ffmpeg.…``;
    ConfigurationError for an address of another kind.
    """
    if isinstance(location, Path):
        return await _ask({"kind": "path", "location": os.path.join(os.getcwd(), location)}, timeout)  # noqa: PTH109, PTH118
    scheme = urlsplit(location).scheme
    if scheme == "srt" and ffmpeg is not None:
        return await probe_bytes(await sample_srt(ffmpeg, location, timeout), form="mpegts", timeout=timeout)
    if scheme not in SCHEMES:
        raise ConfigurationError("media.unknown_scheme", params={"known": ", ".join(sorted(SCHEMES))})
    return await _ask({"kind": "url", "location": location, "ca_file": ca_file or certifi.where()}, timeout)


async def probe_bytes(data: bytes, *, form: str = "flv", timeout: float = 10.0) -> MediaInfo:
    """Describe the beginning of a stream held in memory; ``form`` is FFmpeg's name of its format.

    Raises as ``probe`` does.
    """
    return await _ask({"kind": "bytes", "format": form}, timeout, data)


async def _ask(request: Mapping[str, Any], timeout: float, data: bytes = b"") -> MediaInfo:
    message = json.dumps({**request, "timeout": timeout}).encode() + b"\n" + data
    worker = await asyncio.create_subprocess_exec(
        *_COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"LANG": "C.UTF-8", "PATH": os.defpath},
        start_new_session=True,
        limit=_ANSWER_BYTES,
    )
    try:
        async with asyncio.timeout(timeout + _START_SECONDS):
            answer, _ = await worker.communicate(message)
    except TimeoutError:
        raise TemporaryError("media.probe_timeout", params={"seconds": round(timeout)}) from None
    finally:
        await _end(worker)
    return _read(answer, worker.returncode)


async def _end(worker: asyncio.subprocess.Process) -> None:
    if worker.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        await worker.communicate()


def _read(answer: bytes, status: int | None) -> MediaInfo:
    try:
        message = json.loads(answer)
        if "info" in message:
            return MediaInfo.from_json(message["info"])
        code, params = str(message["code"]), dict(message["params"])
    except (ValueError, KeyError, TypeError):
        raise PermanentError("media.probe_crashed", params={"status": status or 0}) from None
    raise _error(code, params)


def _error(code: str, params: Mapping[str, str | int]) -> CastCoreError:
    if code in ("media.not_found", "ffmpeg.http_not_found"):
        return NotFoundError(code, params=params)
    retry = code.startswith("ffmpeg.") or code == "media.probe_timeout"
    return TemporaryError(code, params=params) if retry else PermanentError(code, params=params)
