"""No destination is sent to by two jobs at once: a platform would take one of them, or each in turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from castcore_core.destinations.models import StreamDestination
from castcore_core.error import ConflictError
from castcore_core.streams.models import JobOutput, StreamJob


async def check_free(job: StreamJob) -> None:
    """Raise ConflictError ``streams.destination_busy`` where another job that is wanted on air has a destination.

    Belongs into the transaction that puts the job on air: the destinations stay locked until its end.
    """
    ids: list[Any] = (
        await JobOutput.filter(job_id=job.id, enabled=True)
        .order_by("destination_id")
        .values_list("destination_id", flat=True)
    )
    if not ids:
        return
    await StreamDestination.filter(id__in=list(ids)).order_by("id").select_for_update().values_list("id", flat=True)
    holder = await holder_of(list(ids), but=job.id)
    if holder is not None:
        raise ConflictError("streams.destination_busy", params={"destination": holder[0], "job": holder[1]})


async def holder_of(destinations: Sequence[UUID], *, but: UUID | str) -> tuple[str, str] | None:
    """Return the names of a destination that another job than ``but`` has on air, and of that job."""
    query = JobOutput.filter(destination_id__in=list(destinations), enabled=True).exclude(job_id=but)
    found = await query.exclude(job__desired="stopped").first().values("destination__name", "job__name")
    return (found["destination__name"], found["job__name"]) if found else None
