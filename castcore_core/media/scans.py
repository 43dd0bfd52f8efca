"""Ask for scans, and see how they go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from tortoise.exceptions import IntegrityError

from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.error import ConflictError
from castcore_core.media.models import Scan
from castcore_core.storage.source import StorageSources

WANTED = "media.wanted"
"""Channel: a scan waits to be carried out."""
PROGRESS = "media.scan"
"""Channel prefix, the scan's id behind it: the scan as the API shows it, at every change and twice a second."""
SHOWN = (*("id", "source_id", "state", "origin", "counts", "code", "params", "created_at", "started_at", "ended_at"),)


class Scans:
    """The scans of all sources; the engine's process carries them out."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._audit = core.get(Audit)
        self._sources = core.get(StorageSources)

    async def ask(self, source_id: UUID, origin: Literal["user", "interval"] = "user") -> UUID:
        """Let a source be scanned and return the scan's id.

        Raises NotFoundError ``storage.source_unknown``, ConflictError ``media.scan_running`` with its id.
        """
        source = await self._sources.get(source_id)
        try:
            scan = await Scan.create(source_id=source_id, active=source_id, origin=origin)
        except IntegrityError:
            running = await Scan.get_or_none(active=source_id).only("id")
            raise ConflictError("media.scan_running", params={"scan": str(running.id) if running else ""}) from None
        if origin == "user":
            await self._audit.record("media.scan_asked", target=Target("storage_source", source_id, source.name))
        await self._core.bus.publish(WANTED, {"scan": str(scan.id)})
        return scan.id

    async def find(
        self, source_id: UUID, *, order: Sequence[str], limit: int, offset: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Return the scans of a source, and how many there are. Raises NotFoundError."""
        await self._sources.get(source_id)
        query = Scan.filter(source_id=source_id)
        return await query.order_by(*order).limit(limit).offset(offset).values(*SHOWN), await query.count()

    async def running(self) -> list[dict[str, Any]]:
        """Return the scans that run or wait."""
        return await Scan.filter(active__isnull=False).order_by("created_at").values(*SHOWN)
