"""Keep jobs. What is wanted on air is changed in ``command.py``, and made true by the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from castcore_core.accounts.role import Role
from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.db.revision import Expectation
from castcore_core.error import ConflictError, PreconditionError, UnavailableError
from castcore_core.platforms.metadata import Metadata
from castcore_core.streams.broadcast import Broadcasts
from castcore_core.streams.change import (
    Prepared,
    check_parts,
    check_references,
    merge_input,
    merge_part,
    plain,
    prepare_input,
    tag_index,
)
from castcore_core.streams.definition import Fallback, Input, MediaItemInput, Recording, Restart, dump
from castcore_core.streams.desired import outputs_of, wake
from castcore_core.streams.exclusion import check_free
from castcore_core.streams.input import read_input, store_input, whole_input
from castcore_core.streams.models import JobOutput, StreamJob
from castcore_core.streams.schemas import JobCreation, OutputDefinition
from castcore_sdk.errors import NotFoundError

SHOWN = (
    *("id", "name", "source", "source_secret", "profile_id", "profile__name", "fallback", "restart", "recording"),
    *("autostart", "tags", "desired", "desired_at", "revision", "created_at", "updated_at"),
)
_ON_AIR = ("source", "source_secret", "fallback", "recording")


class Jobs:
    """All jobs."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._audit = core.get(Audit)

    async def find(
        self, wanted: Mapping[str, Any], *, order: Sequence[str], limit: int, offset: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Return rows with their ``outputs``, and how many there are: three queries whatever the number."""
        query = StreamJob.filter(**wanted)
        rows = await query.order_by(*order).limit(limit).offset(offset).values(*SHOWN)
        outputs = await outputs_of(row["id"] for row in rows)
        return [{**row, "outputs": outputs.get(row["id"], [])} for row in rows], await query.count()

    async def get(self, job_id: UUID) -> dict[str, Any]:
        """Return one row with its ``outputs``. Raises NotFoundError ``streams.not_found``."""
        rows, _ = await self.find({"id": job_id}, order=["id"], limit=1, offset=0)
        if not rows:
            raise NotFoundError("streams.not_found")
        return rows[0]

    async def create(self, wanted: JobCreation, role: Role) -> tuple[UUID, str | None]:
        """Keep a job; return its id and the key of its ingest where that was made just now.

        Raises InvalidError, ConfigurationError, UnavailableError, ConflictError ``conflict.duplicate``.
        """
        if wanted.schedule is not None:
            raise UnavailableError("feature.not_available", params={"feature": "scheduler"})
        await check_parts(self._core, wanted.fallback, wanted.recording, role)
        await check_references(wanted.profile_id, wanted.outputs)
        prepared = await prepare_input(self._core, wanted.source, role)
        job_id = uuid4()
        tags = list(dict.fromkeys(wanted.tags))
        public, locked = store_input(self._core.ring, job_id, prepared.input)
        try:
            async with in_transaction():
                job = await StreamJob.create(
                    id=job_id,
                    name=wanted.name,
                    source=public,
                    source_kind=prepared.input.kind,
                    source_secret=locked,
                    media_id=_media_of(prepared.input),
                    fallback_asset_id=wanted.fallback.shown_asset,
                    profile_id=wanted.profile_id,
                    fallback=dump(wanted.fallback),
                    restart=dump(wanted.restart),
                    recording=dump(wanted.recording),
                    autostart=wanted.autostart,
                    tags=tags,
                    tag_index=tag_index(tags),
                )
                await _set_outputs(job, wanted.outputs)
                await self._audit.record("streams.created", target=target(job))
        except IntegrityError:
            raise _duplicate() from None
        return job_id, prepared.new_key

    async def change(self, job_id: UUID, given: Mapping[str, Any], expected: Expectation, role: Role) -> str | None:
        """Change the ``given`` fields; return the key of an ingest that was made just now.

        On air, outputs change at once; source, profile, fallback and recording with the next restart.
        Raises NotFoundError, PreconditionError, InvalidError, ConfigurationError, UnavailableError, ConflictError.
        """
        if given.get("schedule") is not None:
            raise UnavailableError("feature.not_available", params={"feature": "scheduler"})
        seen = await find_job(job_id)
        prepared = await self._prepare(seen, given, role)
        gone: list[JobOutput] = []
        try:
            async with in_transaction():
                job = await find_job(job_id)
                expected.check(job.updated_at)
                if prepared is not None and job.updated_at != seen.updated_at:
                    raise PreconditionError("conflict.changed")
                self._apply(job, given, prepared)
                if given.get("outputs") is not None:
                    gone = await _set_outputs(job, given["outputs"])
                    if job.desired != "stopped":
                        await check_free(job)
                await job.save()
                await self._audit.record("streams.changed", target=target(job), changed=given)
        except IntegrityError:
            raise _duplicate() from None
        await wake(self._core.bus, job_id)
        await self._core.get(Broadcasts).close(gone)
        return prepared.new_key if prepared else None

    async def delete(self, job_id: UUID, *, force: bool = False) -> None:
        """Remove a job; ``force`` also one that is wanted on air, which the engine then stops.

        Raises NotFoundError, ConflictError ``streams.on_air``.
        """
        async with in_transaction():
            job = await find_job(job_id)
            if job.desired != "stopped" and not force:
                raise ConflictError("streams.on_air", params={"name": job.name})
            opened = await JobOutput.filter(job_id=job_id, broadcast__isnull=False).prefetch_related("destination")
            await job.delete()
            await self._audit.record("streams.deleted", target=target(job))
        await wake(self._core.bus, job_id)
        await self._core.get(Broadcasts).close(opened)

    async def duplicate(self, job_id: UUID, name: str | None) -> tuple[UUID, str | None]:
        """Copy a job, stopped; its secrets are copied and never shown. An ingest gets a port and a key of its own.

        Raises NotFoundError, ConflictError ``conflict.duplicate``.
        """
        job = await find_job(job_id)
        rows = (await outputs_of([job_id])).get(job_id, [])
        value = read_input(self._core.ring, job)
        if value.kind == "ingest":
            value = value.model_copy(update={"port": None, "key": None})
        wanted = JobCreation.model_construct(
            name=name or await _free_name(job.name),
            source=value,
            profile_id=job.profile_id,  # type: ignore[attr-defined]
            outputs=[OutputDefinition.model_validate({key: row[key] for key in _OUTPUT}) for row in rows],
            fallback=Fallback.model_validate(job.fallback),
            restart=Restart.model_validate(job.restart),
            recording=Recording.model_validate(job.recording),
            schedule=None,
            autostart=False,
            tags=job.tags,
        )
        # What the original may use, its copy may: nothing new is named by whoever copies.
        copy_id, key = await self.create(wanted, Role.ADMIN)
        await self._core.get(Metadata).copy(job_id, copy_id)
        return copy_id, key

    async def _prepare(self, job: StreamJob, given: Mapping[str, Any], role: Role) -> Prepared | None:
        fallback = merge_part(Fallback, job.fallback, given.get("fallback", {}), "fallback")
        recording = merge_part(Recording, job.recording, given.get("recording", {}), "recording")
        named = recording if given.get("recording") else Recording()
        await check_parts(self._core, fallback, named, role)
        await check_references(given.get("profile_id"), given.get("outputs") or [])
        if given.get("source") is None:
            return None
        before = whole_input(self._core.ring, job.id, job.source, job.source_secret)
        value = merge_input(before, given["source"])
        if plain(value) == before:
            return None
        return await prepare_input(self._core, value, role, job_id=job.id)

    def _apply(self, job: StreamJob, given: Mapping[str, Any], prepared: Prepared | None) -> None:
        before = [getattr(job, name) for name in _ON_AIR]
        if prepared is not None:
            job.source, job.source_secret = store_input(self._core.ring, job.id, prepared.input)  # type: ignore[assignment]
            job.source_kind = prepared.input.kind
            job.media_id = _media_of(prepared.input)
        for name, model in (("fallback", Fallback), ("restart", Restart), ("recording", Recording)):
            if name in given:
                setattr(job, name, dump(merge_part(model, getattr(job, name), given[name], name)))
        job.fallback_asset_id = Fallback.model_validate(job.fallback).shown_asset
        if given.get("name") is not None:
            job.name = given["name"]
        if "profile_id" in given:
            job.profile_id = given["profile_id"]
        if "autostart" in given:
            job.autostart = bool(given["autostart"])
        if "tags" in given:
            job.tags = list(dict.fromkeys(given["tags"] or []))
            job.tag_index = tag_index(job.tags)
        if before != [getattr(job, name) for name in _ON_AIR]:
            job.revision += 1


_OUTPUT = ("destination_id", "profile_id", "enabled")


def _media_of(value: Input) -> UUID | None:
    """Return the item of the library that a source plays."""
    return value.media_id if isinstance(value, MediaItemInput) else None


async def find_job(job_id: UUID) -> StreamJob:
    """Return a job. Raises NotFoundError ``streams.not_found``."""
    found = await StreamJob.get_or_none(id=job_id)
    if found is None:
        raise NotFoundError("streams.not_found")
    return found


async def _set_outputs(job: StreamJob, outputs: Sequence[OutputDefinition]) -> list[JobOutput]:
    """Make the outputs of a job those; one whose destination stays keeps its id, and its session on air.

    Return those that are gone and whose broadcasts are still open.
    """
    rows = await JobOutput.filter(job_id=job.id).values("id", "destination_id")
    kept: dict[UUID, UUID] = {row["destination_id"]: row["id"] for row in rows}
    gone = [kept[each] for each in kept.keys() - {one.destination_id for one in outputs}]
    opened = await JobOutput.filter(id__in=gone, broadcast__isnull=False).prefetch_related("destination")
    await JobOutput.filter(id__in=gone).delete()
    for position, each in enumerate(outputs):
        values: dict[str, Any] = {"profile_id": each.profile_id, "enabled": each.enabled, "position": position}
        if (row_id := kept.get(each.destination_id)) is not None:
            await JobOutput.filter(id=row_id).update(**values)
        else:
            await JobOutput.create(job=job, destination_id=each.destination_id, **values)
    return opened


async def _free_name(name: str) -> str:
    rows = await StreamJob.filter(name__startswith=name[:90]).values("name")
    taken = {row["name"] for row in rows}
    return next(each for number in range(2, len(taken) + 3) if (each := f"{name[:90]} ({number})") not in taken)


def target(job: StreamJob) -> Target:
    """Return a job as the audit log names it."""
    return Target("stream_job", job.id, job.name)


def _duplicate() -> ConflictError:
    return ConflictError("conflict.duplicate", params={"field": "name"})
