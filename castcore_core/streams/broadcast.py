"""The broadcasts of outputs: opened, asked after, handed over to a new one, and closed, all through the guard."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeGuard
from uuid import UUID

import structlog

from castcore_core.accounts.role import Role
from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.destinations.models import StreamDestination
from castcore_core.destinations.service import Destinations
from castcore_core.platforms.metadata import Metadata
from castcore_core.platforms.thumbnail import picture_of
from castcore_core.plugins.instance import Instance
from castcore_core.streams.desired import revision_of_output, wake
from castcore_core.streams.models import JobOutput
from castcore_core.streams.subject import SubjectOutput
from castcore_sdk import (
    BroadcastMetadata,
    BroadcastRequest,
    BroadcastStatus,
    CastCoreError,
    Destination,
    NotFoundError,
    PermanentError,
    PublishTarget,
    SupportsMetadata,
    SupportsStatus,
    SupportsThumbnail,
)

_log = structlog.get_logger(__name__)

_Open = Instance[Destination[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """One output's broadcast, as it stands in the database and as its destination wants it treated."""

    reference: str
    opened_at: datetime
    revision: str
    """Of the output with this broadcast; what the runner has is compared with it."""
    retired: str | None
    status_interval: timedelta | None
    """The least time between two questions; None: it cannot be asked."""
    max_duration: timedelta | None


class Broadcasts:
    """All broadcasts. Destinations stay open while they are on air; :meth:`close` ends them."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._configurations = core.get(Destinations).configurations
        self._open: dict[str, tuple[str, _Open]] = {}
        self._making: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._decorating: set[asyncio.Task[None]] = set()

    async def open(self, job_id: str, generation: int, output: SubjectOutput) -> PublishTarget:
        """Return where to send an output. Same start, same broadcast. Raises CastCoreError."""
        instance = await self._started(output)
        shown = await self._core.get(Metadata).shown(job_id, output.id)
        request = BroadcastRequest(
            broadcast_id=_name(output.id, generation, output.rollovers),
            metadata=shown.metadata,
            push_metadata=shown.push,
        )
        target: PublishTarget = await instance.call(instance.extension.open_broadcast, request)
        if output.broadcast != target.reference:
            await JobOutput.filter(id=output.id).update(
                broadcast=target.reference, broadcast_at=utc_now(), retired=output.broadcast
            )
            if shown.push and shown.thumbnail_id is not None:
                self._decorate(instance, target.reference, shown.thumbnail_id)
        return target

    async def find(self, output_id: str) -> Broadcast | None:
        """Return what is known of an output's broadcast, None where it has none. Raises CastCoreError."""
        row = await _row(output_id)
        if row is None or row.broadcast is None:
            return None
        extension = (await self._kept(row)).extension
        interval = None
        if isinstance(extension, SupportsStatus) and extension.offers(SupportsStatus):
            interval = type(extension).status_interval
        return Broadcast(
            reference=row.broadcast,
            opened_at=row.broadcast_at or row.updated_at,
            revision=await revision_of_output(row.id),
            retired=row.retired,
            status_interval=interval,
            max_duration=extension.limits.max_duration,
        )

    async def status(self, output_id: str, reference: str) -> BroadcastStatus:
        """Ask the platform. Raises CastCoreError; NotFoundError where it does not know the broadcast any more."""
        row = await _row(output_id)
        if row is None:
            raise NotFoundError("streams.not_found")
        instance = await self._kept(row)
        extension = instance.extension
        assert isinstance(extension, SupportsStatus)
        found: BroadcastStatus = await instance.call(extension.status, reference)
        return found

    async def renew(self, output_id: str) -> bool:
        """Open a broadcast that takes over from the one on air; the engine then sends this output there.

        Nothing changes where it cannot be opened: raises CastCoreError. Say whether it was done.
        """
        row = await _row(output_id)
        if row is None or row.broadcast is None:
            return False
        await self.retire(output_id)
        instance = await self._kept(row)
        shown = await self._core.get(Metadata).shown(row.job.id, row.id)
        number = row.rollovers + 1
        request = BroadcastRequest(
            broadcast_id=_name(output_id, row.job.generation, number), metadata=shown.metadata, push_metadata=shown.push
        )
        target: PublishTarget = await instance.call(instance.extension.open_broadcast, request)
        # Together: a server that dies before has changed nothing, one that dies after it sends the output there.
        changed = await JobOutput.filter(id=row.id, rollovers=row.rollovers, broadcast=row.broadcast).update(
            rollovers=number,
            broadcast=target.reference,
            broadcast_at=utc_now(),
            retired=row.broadcast if row.broadcast != target.reference else None,
        )
        if changed:
            if shown.push and shown.thumbnail_id is not None:
                self._decorate(instance, target.reference, shown.thumbnail_id)
            await wake(self._core.bus, row.job.id)
        return bool(changed)

    async def retire(self, output_id: str) -> None:
        """Close the broadcast that another one has taken over from, if there is one; safe to repeat."""
        row = await _row(output_id)
        if row is None or row.retired is None:
            return
        async with self._borrowed(row) as instance:
            await instance.call(instance.extension.close_broadcast, row.retired)
        await JobOutput.filter(id=row.id, retired=row.retired).update(retired=None)

    async def show(self, row: JobOutput, metadata: BroadcastMetadata, *, thumbnail_id: UUID | None) -> None:
        """Let viewers read and see this from now on; ``row`` was read with its destination.

        Raises CastCoreError; PermanentError ``metadata.not_supported``.
        """
        reference = row.broadcast or ""
        async with self._borrowed(row) as instance:
            extension = instance.extension
            if not (isinstance(extension, SupportsMetadata) and extension.offers(SupportsMetadata)):
                raise PermanentError("metadata.not_supported", params={"destination": row.destination.name})
            await instance.call(extension.update_metadata, reference, metadata)
            if thumbnail_id is not None and _takes_pictures(extension):
                image, media_type = await picture_of(self._core, thumbnail_id)
                await instance.call(extension.set_thumbnail, reference, image, media_type)

    async def close(self, outputs: Sequence[JobOutput]) -> None:
        """Tell the destinations that broadcasts are over; ``outputs`` were read with them. Nothing is raised."""
        await asyncio.gather(*(self._close(row) for row in outputs))

    async def aclose(self) -> None:
        """Let go of the open instances without ending their broadcasts."""
        for task in self._decorating:
            task.cancel()
        await asyncio.gather(*self._decorating, return_exceptions=True)
        instances = [instance for _, instance in self._open.values()]
        self._open.clear()
        await asyncio.gather(*(each.close() for each in instances), return_exceptions=True)

    async def _started(self, output: SubjectOutput) -> _Open:
        """Return the instance for this revision of an output, and keep it."""
        async with self._making[output.id]:
            kept = self._open.get(output.id)
            if kept is not None and kept[0] == output.revision:
                return kept[1]
            if kept is not None:
                del self._open[output.id]
                await _let_go(kept[1])
            instance = await self._make(output.id, output.destination)
            self._open[output.id] = (output.revision, instance)
            return instance

    async def _kept(self, row: JobOutput) -> _Open:
        """Return the instance of an output that is on air, whoever began that."""
        output_id = str(row.id)
        async with self._making[output_id]:
            if output_id not in self._open:
                # Without a revision: whatever is planned next makes its own.
                self._open[output_id] = ("", await self._make(output_id, row.destination))
            return self._open[output_id][1]

    @asynccontextmanager
    async def _borrowed(self, row: JobOutput) -> AsyncIterator[_Open]:
        """Give the kept instance, else one for the moment: this process may not be the one that is on air."""
        kept = self._open.get(str(row.id))
        if kept is not None:
            yield kept[1]
            return
        instance = await self._make(str(row.id), row.destination)
        try:
            yield instance
        finally:
            await _let_go(instance)

    async def _make(self, output_id: str, destination: StreamDestination) -> _Open:
        instance = self._configurations.instance(destination, name=output_id)
        try:
            await self._configurations.check_places(instance.extension.config, Role.ADMIN)
            await instance.start()
        except BaseException:
            await _let_go(instance)
            raise
        return instance

    async def _close(self, row: JobOutput) -> None:
        output_id = str(row.id)
        _, instance = self._open.pop(output_id, ("", None))
        try:
            instance = instance or await self._make(output_id, row.destination)
            for field in ("retired", "broadcast"):
                if (reference := getattr(row, field)) is not None:
                    await instance.call(instance.extension.close_broadcast, reference)
                    await JobOutput.filter(id=row.id, **{field: reference}).update(**{field: None})
        except CastCoreError as error:
            # The broadcast stays noted, so that the next release tells the destination again.
            _log.warning("broadcast not closed", destination=row.destination.name, code=error.code)
        finally:
            # Also when the server ends in the middle of it.
            if instance is not None:
                await _let_go(instance)
            self._making.pop(output_id, None)

    def _decorate(self, instance: _Open, reference: str, thumbnail_id: UUID) -> None:
        """Set the thumbnail while the stream begins: nobody waits for a picture."""

        async def decorate() -> None:
            extension = instance.extension
            if _takes_pictures(extension):
                try:
                    image, media_type = await picture_of(self._core, thumbnail_id)
                    await instance.call(extension.set_thumbnail, reference, image, media_type)
                except CastCoreError as error:
                    _log.warning("thumbnail not set", code=error.code, params=error.params)

        task = asyncio.create_task(decorate(), name="thumbnail")
        self._decorating.add(task)
        task.add_done_callback(self._decorating.discard)


def _takes_pictures(extension: Destination[Any]) -> TypeGuard[SupportsThumbnail]:
    return isinstance(extension, SupportsThumbnail) and extension.offers(SupportsThumbnail)


async def _row(output_id: str) -> JobOutput | None:
    return await JobOutput.filter(id=output_id).prefetch_related("destination", "job").first()


def _name(output_id: str, generation: int, rollovers: int) -> str:
    number = f".{rollovers}" if rollovers else ""
    return f"{output_id}.{generation}{number}"


async def _let_go(instance: _Open) -> None:
    with contextlib.suppress(CastCoreError):
        await instance.close()
