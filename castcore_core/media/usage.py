"""Who uses what is in the library."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from castcore_core.streams.models import StreamJob


async def items_in_use(item_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of the items that a job plays."""
    rows = await StreamJob.filter(media_id__in=list(item_ids)).distinct().values("media_id")
    return {row["media_id"] for row in rows}


async def jobs_playing(item_id: UUID) -> list[str]:
    """Return the names of the jobs that play an item."""
    return [row["name"] for row in await StreamJob.filter(media_id=item_id).order_by("name").values("name")]
