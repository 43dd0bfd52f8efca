"""What viewers read about a job's broadcasts: kept for a platform or for one output, resolved when it is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tortoise.transactions import in_transaction

from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.platforms.models import PlatformAccount, StreamMetadata
from castcore_core.platforms.template import Texts, Warned, resolve
from castcore_core.platforms.thumbnail import check_picture
from castcore_core.plugins.host import PluginHost
from castcore_core.settings import Settings
from castcore_core.streams.input import read_input, source_of
from castcore_core.streams.models import JobOutput, StreamJob
from castcore_sdk import BroadcastMetadata, CastCoreError
from castcore_sdk.errors import NotFoundError

_FIELDS = ("title", "description", "category", "tags", "language", "thumbnail_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What is written for a platform or an output of a job."""

    texts: Texts
    push_on_start: bool
    platform: str | None
    """Where it is kept; None: nowhere, it follows from the job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one output is to show."""

    metadata: BroadcastMetadata
    push: bool
    """Somebody wants it shown from the start."""
    thumbnail_id: UUID | None = None


class Metadata:
    """The metadata of all jobs."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._host = core.get(PluginHost)

    async def get(self, job_id: UUID, platform: str) -> Written:
        """Return what counts for a platform. Raises NotFoundError ``streams.not_found``, ``metadata.no_platform``."""
        job = await _job(job_id)
        output = await self._output(job, platform)
        return await self._written(job, platform, output)

    async def put(self, job_id: UUID, platform: str, texts: Texts, *, push_on_start: bool) -> Written:
        """Keep the texts. Raises as :meth:`get`, and NotFoundError ``metadata.no_thumbnail``."""
        job = await _job(job_id)
        output = await self._output(job, platform)
        if texts.thumbnail_id is not None:
            await check_picture(texts.thumbnail_id)
        values = {name: getattr(texts, name) for name in _FIELDS} | {"push_on_start": push_on_start}
        values["tags"] = list(texts.tags)
        async with in_transaction():
            key = platform if output is None else str(output.id)
            await StreamMetadata.update_or_create(values | {"output": output}, job=job, platform=key)
            await self._core.get(Audit).record(
                "metadata.changed", target=Target("stream_job", job.id, job.name), params={"platform": platform}
            )
        return await self._written(job, platform, output)

    async def resolved(self, texts: Texts, job_id: UUID | None, platform: str | None) -> tuple[Texts, list[Warned]]:
        """Return texts as viewers would read them now. Raises as :meth:`get`."""
        job = await _job(job_id) if job_id is not None else None
        output = await self._output(job, platform) if job is not None and platform is not None else None
        return resolve(texts, await self._values(job, output, platform))

    async def shown(self, job_id: str | UUID, output_id: str | UUID) -> Shown:
        """Return what an output of a job is to show now. Raises NotFoundError."""
        job = await _job(job_id)
        output = await self._output(job, str(output_id))
        assert output is not None
        written = await self._written(job, str(output.id), output)
        texts, _ = resolve(written.texts, await self._values(job, output, None))
        metadata = BroadcastMetadata(
            title=texts.title,
            description=texts.description,
            category=texts.category,
            tags=tuple(texts.tags),
            language=texts.language,
        )
        push = written.platform is not None and written.push_on_start
        return Shown(metadata=metadata, push=push, thumbnail_id=texts.thumbnail_id)

    async def copy(self, job_id: UUID, copy_id: UUID) -> None:
        """Write for a copy of a job what is written for the job; its outputs are told apart by their destinations."""
        copies = {row.destination_id: row for row in await JobOutput.filter(job_id=copy_id)}  # type: ignore[attr-defined]
        for row in await StreamMetadata.filter(job_id=job_id).select_related("output"):
            output = copies.get(row.output.destination_id) if row.output else None  # type: ignore[attr-defined]
            if row.output is not None and output is None:
                continue
            values = {name: getattr(row, name) for name in (*_FIELDS, "push_on_start")}
            platform = row.platform if output is None else str(output.id)
            await StreamMetadata.create(job_id=copy_id, output=output, platform=platform, **values)

    async def outputs(self, job_id: UUID, platform: str) -> Sequence[JobOutput]:
        """Return the outputs that ``platform`` means, with their destinations. Raises as :meth:`get`."""
        job = await _job(job_id)
        output = await self._output(job, platform)
        if output is not None:
            return [output]
        return await JobOutput.filter(job_id=job_id, destination__type=platform).prefetch_related("destination")

    async def _output(self, job: StreamJob, platform: str) -> JobOutput | None:
        """Return the output that ``platform`` names, None where it names a type of destination."""
        try:
            output_id = UUID(platform)
        except ValueError:
            if platform not in self._host.registry.destinations:
                raise NotFoundError("metadata.no_platform", params={"platform": platform[:48]}) from None
            return None
        found = await JobOutput.filter(id=output_id, job_id=job.id).prefetch_related("destination").first()
        if found is None:
            raise NotFoundError("metadata.no_platform", params={"platform": platform[:48]})
        return found

    async def _written(self, job: StreamJob, platform: str, output: JobOutput | None) -> Written:
        keys = [platform] if output is None else [str(output.id), output.destination.type]
        rows = {row.platform: row for row in await StreamMetadata.filter(job_id=job.id, platform__in=keys)}
        row = next((rows[key] for key in keys if key in rows), None)
        if row is None:
            texts = Texts(title="{stream_title}", tags=tuple(job.tags))
            return Written(texts=texts, push_on_start=True, platform=None)
        values: dict[str, Any] = {name: getattr(row, name) for name in _FIELDS}
        return Written(texts=Texts(**values), push_on_start=row.push_on_start, platform=row.platform)

    async def _values(self, job: StreamJob | None, output: JobOutput | None, platform: str | None) -> Mapping[str, str]:
        settings = await self._core.get(Settings).read()
        now = utc_now().astimezone(ZoneInfo(settings.time_zone))
        values = {"date": f"{now:%Y-%m-%d}", "time": f"{now:%H:%M}", "server_name": settings.server_name}
        if job is not None:
            values["stream_title"] = job.name
            values |= _source_name(self._core, job)
        if output is not None:
            values["platform"] = output.destination.type
            values["channel_name"] = await _channel_name(output)
        elif platform is not None:
            values["platform"] = platform
        return values


async def _job(job_id: str | UUID) -> StreamJob:
    job = await StreamJob.get_or_none(id=job_id)
    if job is None:
        raise NotFoundError("streams.not_found")
    return job


async def _channel_name(output: JobOutput) -> str:
    account_id = output.destination.account_id  # type: ignore[attr-defined]
    account = await PlatformAccount.get_or_none(id=account_id) if account_id else None
    return str((account.label or account.name) if account else output.destination.name)


def _source_name(core: Core, job: StreamJob) -> dict[str, str]:
    try:
        return {"source_name": source_of(read_input(core.ring, job)).name}
    except CastCoreError:  # a source that is not to be had at the moment has no name
        return {}
