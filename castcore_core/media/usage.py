"""Who uses what is in the library."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from castcore_core.streams.models import StreamJob


async def items_in_use(item_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of the items that a job plays."""
    rows = await StreamJob.filter(media_id__in=list(item_ids)).distinct().values("media_id")
    return {row["media_id"] for row in rows}


async def jobs_playing(*, item_id: UUID | None = None, source_id: UUID | None = None) -> list[str]:
    """Return the names of the jobs that play an item, or anything of a source."""
    wanted = {"media_id": item_id} if item_id is not None else {"media__source_id": source_id}
    return [row["name"] for row in await StreamJob.filter(**wanted).order_by("name").values("name")]


async def sources_on_air() -> set[UUID]:
    """Return the sources of everything that is wanted on air."""
    query = StreamJob.exclude(desired="stopped").filter(media_id__isnull=False)
    return {row["media__source_id"] for row in await query.distinct().values("media__source_id")}
