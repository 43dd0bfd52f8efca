"""Show metadata, and a thumbnail, at broadcasts that are on air."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.error import ConflictError
from castcore_core.platforms.metadata import Metadata
from castcore_core.streams.broadcast import Broadcasts
from castcore_core.streams.models import JobOutput
from castcore_sdk import CastCoreError

_PUSH_S = 40.0

Pushed = Sequence[tuple[JobOutput, CastCoreError | None]]


async def push(core: Core, job_id: UUID, platform: str) -> Pushed:
    """Return every output that is on air, with what went wrong there.

    Raises NotFoundError, ConflictError ``metadata.not_on_air`` where none is.
    """
    outputs = [each for each in await core.get(Metadata).outputs(job_id, platform) if each.broadcast]
    if not outputs:
        raise ConflictError("metadata.not_on_air")
    target = Target("stream_job", job_id)
    await core.get(Audit).record("metadata.pushed", target=target, params={"platform": platform})
    errors = await asyncio.gather(*(_push(core, job_id, each) for each in outputs))
    return list(zip(outputs, errors, strict=True))


async def _push(core: Core, job_id: UUID, output: JobOutput) -> CastCoreError | None:
    try:
        async with asyncio.timeout(_PUSH_S):
            shown = await core.get(Metadata).shown(job_id, output.id)
            await core.get(Broadcasts).show(output, shown.metadata, thumbnail_id=shown.thumbnail_id)
    except CastCoreError as error:
        return error
    except TimeoutError:
        return ConflictError("metadata.timeout", params={"seconds": round(_PUSH_S)})
    return None
