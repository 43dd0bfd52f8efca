"""No destination is sent to by two jobs at once: a platform would take one of them, or each in turn."""

from __future__ import annotations

from castcore_core.destinations.models import StreamDestination
from castcore_core.error import ConflictError
from castcore_core.streams.models import JobOutput, StreamJob


async def check_free(job: StreamJob) -> None:
    """Raise ConflictError ``streams.destination_busy`` where another job that is wanted on air has a destination.

    Belongs into the transaction that puts the job on air: the destinations stay locked until its end.
    """
    ids = (
        await JobOutput.filter(job_id=job.id, enabled=True)
        .order_by("destination_id")
        .values_list("destination_id", flat=True)
    )
    if not ids:
        return
    await StreamDestination.filter(id__in=list(ids)).order_by("id").select_for_update().values_list("id", flat=True)
    taken = (
        await JobOutput.filter(destination_id__in=list(ids), enabled=True)
        .exclude(job_id=job.id)
        .exclude(job__desired="stopped")
        .first()
        .values("destination__name", "job__name")
    )
    if taken is not None:
        params = {"destination": taken["destination__name"], "job": taken["job__name"]}
        raise ConflictError("streams.destination_busy", params=params)
