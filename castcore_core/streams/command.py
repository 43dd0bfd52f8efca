"""Start, stop, restart, pause: change what is wanted and wake the engine."""

from __future__ import annotations

from uuid import UUID

from tortoise.transactions import in_transaction

from castcore_core.accounts.role import Role
from castcore_core.audit import Audit
from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.error import ConflictError
from castcore_core.ffmpeg.profile import Profile
from castcore_core.preflight.service import Preflights
from castcore_core.profiles.encoding import DEFAULT, read_profile
from castcore_core.profiles.models import FFmpegProfile
from castcore_core.streams.definition import Fallback
from castcore_core.streams.desired import wake
from castcore_core.streams.exclusion import check_free
from castcore_core.streams.models import JobOutput, StreamJob
from castcore_core.streams.service import find_job, target
from castcore_sdk import ConfigurationError


class Commands:
    """What operators tell jobs to do. Each may be given twice, and takes effect when an engine is there."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._audit = core.get(Audit)

    async def start(self, job_id: UUID, role: Role = Role.OPERATOR, *, override: bool = False) -> None:
        """Put a job on air, or end its pause; one that is on air stays as it is.

        ``override`` lets an admin pass a red preflight. Raises NotFoundError, ForbiddenError, ConfigurationError
        ``streams.no_output``, ConflictError ``streams.destination_busy`` or ``preflight.red``.
        """
        if (await find_job(job_id)).desired == "stopped":
            await self._core.get(Preflights).guard_start(job_id, role, override=override)
        async with in_transaction():
            job = await find_job(job_id)
            if job.desired == "running":
                return
            if job.desired == "stopped":
                await _check_ready(job)
                await _want(job, "running", generation=job.generation + 1)
            else:
                await _want(job, "running")
            await self._audit.record("streams.started", target=target(job))
        await wake(self._core.bus, job_id)

    async def stop(self, job_id: UUID) -> None:
        """Take a job off the air. Raises NotFoundError."""
        async with in_transaction():
            job = await find_job(job_id)
            if job.desired == "stopped":
                return
            await _want(job, "stopped")
            await self._audit.record("streams.stopped", target=target(job))
        await wake(self._core.bus, job_id)

    async def restart(self, job_id: UUID, role: Role = Role.OPERATOR, *, override: bool = False) -> None:
        """Begin anew with what is kept now; a stopped job is started. Raises as :meth:`start`."""
        if (await find_job(job_id)).desired == "stopped":
            await self._core.get(Preflights).guard_start(job_id, role, override=override)
        async with in_transaction():
            job = await find_job(job_id)
            if job.desired == "stopped":
                await _check_ready(job)
                await _want(job, "running", generation=job.generation + 1)
            else:
                await _want(job, "running", restarts=job.restarts + 1)
            await self._audit.record("streams.restarted", target=target(job))
        await wake(self._core.bus, job_id)

    async def pause(self, job_id: UUID) -> None:
        """Show the slate and keep the sessions.

        Raises NotFoundError, ConflictError ``streams.not_on_air`` or ``streams.slate_unavailable``.
        """
        async with in_transaction():
            job = await find_job(job_id)
            if job.desired == "paused":
                return
            if job.desired == "stopped":
                raise ConflictError("streams.not_on_air", params={"name": job.name})
            await _check_slate(job)
            await _want(job, "paused")
            await self._audit.record("streams.paused", target=target(job))
        await wake(self._core.bus, job_id)

    async def autostart(self) -> list[UUID]:
        """Start every stopped job that is to start with the server, as far as it can; return which were started."""
        started: list[UUID] = []
        for row in await StreamJob.filter(autostart=True, desired="stopped").values("id"):
            job_id: UUID = row["id"]
            try:
                await self.start(job_id)
            except (ConfigurationError, ConflictError) as error:
                params = {"code": error.code}
                await self._audit.record("streams.autostart", params=params, outcome="failed")
            else:
                started.append(job_id)
        return started


async def _want(job: StreamJob, desired: str, **counters: int) -> None:
    # By a filter, not by save: what is wanted is no edit, and leaves updated_at as it is.
    await StreamJob.filter(id=job.id).update(desired=desired, desired_at=utc_now(), **counters)


async def _check_ready(job: StreamJob) -> None:
    sends = await JobOutput.filter(job_id=job.id, enabled=True, destination__enabled=True).exists()
    if not sends and not job.recording.get("enabled"):
        raise ConfigurationError("streams.no_output", params={"name": job.name})
    await check_free(job)


async def _check_slate(job: StreamJob) -> None:
    if Fallback.model_validate(job.fallback).kind == "none":
        raise ConflictError("streams.slate_unavailable", params={"name": job.name})
    outputs = await JobOutput.filter(job_id=job.id, enabled=True).values_list("profile_id", flat=True)
    wanted = {each for each in (job.profile_id, *outputs) if each is not None}  # type: ignore[attr-defined]
    profiles: list[Profile] = [DEFAULT]
    for row in await FFmpegProfile.filter(id__in=list(wanted)) if wanted else []:
        profiles.append(read_profile(row.name, row.settings))
    if any(profile.copies_video or profile.copies_audio for profile in profiles):
        raise ConflictError("streams.slate_unavailable", params={"name": job.name})
