"""The recording of a job: one more delivery, a file in a folder."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.streams.definition import Recording
from castcore_core.streams.planner import Delivery
from castcore_sdk import ConfigurationError, PublishProtocol, PublishTarget

OUTPUT = "recording"
"""Id of the output that records."""
_FORMATS = {"mkv": "matroska", "mp4": "mp4", "ts": "mpegts"}
_UNFIT = re.compile(r"[^\w.-]+")


async def recording_delivery(core: Core, job_name: str, recording: Recording) -> Delivery:
    """Return the delivery of a new file. Raises ConfigurationError where its folder cannot be made."""
    delivery = foreseen_recording(core, job_name, recording)
    folder = Path(delivery.target.url).parent
    try:
        await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        params = {"path": str(folder), "reason": error.strerror or type(error).__name__}
        raise ConfigurationError("streams.recording_folder", params=params) from None
    return delivery


def foreseen_recording(core: Core, job_name: str, recording: Recording) -> Delivery:
    """Return the delivery and make nothing."""
    stem = _UNFIT.sub("-", job_name).strip("-.")[:60] or "job"
    path = recording_folder(core, recording) / f"{stem}-{utc_now():%Y%m%dT%H%M%SZ}.{recording.container}"
    target = PublishTarget(
        reference=OUTPUT,
        protocol=PublishProtocol.FILE,
        url=str(path),
        options={"format": _FORMATS[recording.container]},
    )
    return Delivery(id=OUTPUT, name=path.name, target=target)


def recording_folder(core: Core, recording: Recording) -> Path:
    """Return where recordings go."""
    return Path(recording.folder) if recording.folder else core.folder.media / "recordings"
