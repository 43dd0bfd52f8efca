"""Take a first piece of a live stream with ffmpeg, for what PyAV's libraries cannot open."""

from __future__ import annotations

from castcore_core.ffmpeg.diagnosis import diagnose
from castcore_core.ffmpeg.process import run
from castcore_sdk import TemporaryError

SAMPLE_SECONDS = 2
"""Long enough for a keyframe of a stream made for live."""
_SAMPLE_BYTES = 8 << 20
_CONNECT_MS = 3000


async def sample_srt(ffmpeg: str, url: str, timeout: float) -> bytes:
    """Return the first ``SAMPLE_SECONDS`` of an SRT stream as MPEG-TS.

    The address, passphrase included, stands in ffmpeg's arguments meanwhile. Raises TemporaryError ``ffmpeg.…``.
    """
    command = [
        *(ffmpeg, "-hide_banner", "-nostdin", "-loglevel", "level+warning"),
        *("-connect_timeout", str(_CONNECT_MS), "-rw_timeout", str(int(timeout * 1_000_000))),
        *("-analyzeduration", "1000000", "-probesize", "1000000", "-i", url),
        *("-map", "0:v?", "-map", "0:a?", "-c", "copy", "-t", str(SAMPLE_SECONDS), "-fs", str(_SAMPLE_BYTES)),
        *("-f", "mpegts", "pipe:1"),
    ]
    outcome = await run(command, timeout=timeout)
    if outcome.output:
        return outcome.output
    if outcome.timed_out:
        raise TemporaryError("media.probe_timeout", params={"seconds": round(timeout)})
    found = diagnose(outcome.log, status=outcome.status, seconds=outcome.seconds)
    raise TemporaryError(found.code, params=found.params)
