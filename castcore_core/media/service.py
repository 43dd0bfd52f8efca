"""The media library: find, read again, show, leave out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from tortoise.transactions import in_transaction

from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.media.cache import ThumbnailCache
from castcore_core.media.models import MediaItem
from castcore_core.media.pool import Workers
from castcore_core.media.probe import located, probe
from castcore_core.media.record import ready, unreadable
from castcore_core.media.shelf import Shelf
from castcore_core.media.usage import jobs_playing
from castcore_core.profiles.service import in_use
from castcore_sdk import CastCoreError, NotFoundError, TemporaryError

SHOWN = (
    *("id", "source_id", "source__name", "path", "name", "kind", "size", "modified", "etag", "state", "code", "params"),
    *("duration", "width", "height", "video_codec", "audio_codec", "streamable", "flags", "thumbnail", "probed_at"),
    *("created_at", "updated_at"),
)
THUMBNAIL_WIDTH = 320
_PROBE_S = 20.0
_THUMBNAIL_S = 15.0


@dataclass(frozen=True, slots=True)
class Playable:
    """Where an item of the library can be opened."""

    name: str
    place: Path | str


class Library:
    """Everything that the sources hold, as the last scans found it."""

    def __init__(self, core: Core, shelf: Shelf) -> None:
        self._core = core
        self._shelf = shelf
        self._audit = core.get(Audit)
        self._workers = core.get(Workers)
        self._cache = ThumbnailCache(core.folder.root / "cache" / "thumbnails")
        self._making: dict[str, asyncio.Task[bytes]] = {}

    async def find(
        self, wanted: Mapping[str, Any], *, order: Sequence[str], limit: int, offset: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Return rows, without their whole probe, and how many there are; ``wanted`` are Tortoise filters."""
        query = MediaItem.filter(**wanted)
        return await query.order_by(*order).limit(limit).offset(offset).values(*SHOWN), await query.count()

    async def get(self, item_id: UUID) -> dict[str, Any]:
        """Return one row with its probe. Raises NotFoundError ``media.item_not_found``."""
        rows = await MediaItem.filter(id=item_id).values(*SHOWN, "info", "version")
        if not rows:
            raise NotFoundError("media.item_not_found")
        return rows[0]

    async def locate(self, item_id: UUID) -> Playable:
        """Return where an item can be opened. Raises NotFoundError, or what its storage says."""
        row = await self.get(item_id)
        return Playable(row["name"], await self._shelf.locate(row["source_id"], row["path"]))

    async def probe(self, item_id: UUID) -> dict[str, Any]:
        """Read an item again and return its row. Raises what its storage says; an unreadable item is no error."""
        row = await self.get(item_id)
        try:
            place = await self._shelf.locate(row["source_id"], row["path"])
            found = ready(await probe(place, timeout=_PROBE_S, stored=True, pool=self._workers.front))
        except NotFoundError as error:
            found = unreadable(error)
        except CastCoreError as error:
            if error.code.startswith("storage."):
                raise
            found = unreadable(error)
        await MediaItem.filter(id=item_id).update(**found)
        return await self.get(item_id)

    async def delete(self, item_id: UUID) -> None:
        """Leave an item out of the library; a file that is still there comes back with the next scan.

        Raises NotFoundError, ConflictError ``conflict.in_use`` where jobs play it.
        """
        row = await self.get(item_id)
        async with in_transaction():
            if users := await jobs_playing(item_id):
                raise in_use(users)
            await MediaItem.filter(id=item_id).delete()
            await self._audit.record("media.deleted", target=Target("media", item_id, row["name"]))

    async def thumbnail_key(self, item_id: UUID) -> str:
        """Return what changes whenever the thumbnail would be another one.

        Raises NotFoundError ``media.item_not_found``, or ``media.no_thumbnail`` where there can be none.
        """
        row = await self.get(item_id)
        if row["state"] != "ready" or row["thumbnail"] == "none":
            raise NotFoundError("media.no_thumbnail")
        return f"{item_id.hex}-{row['version'][:16]}"

    async def thumbnail(self, item_id: UUID, key: str) -> bytes:
        """Return a WebP picture, made now where it is not in the cache; ``key`` is :meth:`thumbnail_key`'s.

        Raises NotFoundError ``media.no_thumbnail``, TemporaryError where the storage or the workers are too slow.
        """
        if (picture := await self._cache.get(key)) is not None:
            return picture
        if key not in self._making:
            task = asyncio.create_task(self._make(item_id, key))
            self._making[key] = task
            task.add_done_callback(lambda _: self._making.pop(key, None))
        return await asyncio.shield(self._making[key])

    async def _make(self, item_id: UUID, key: str) -> bytes:
        playable = await self.locate(item_id)
        request = {"task": "thumbnail", "width": THUMBNAIL_WIDTH, **located(playable.place, stored=True)}
        try:
            answer = await self._workers.back.ask(request, _THUMBNAIL_S)
        except TemporaryError:
            raise
        except CastCoreError:
            await MediaItem.filter(id=item_id).update(thumbnail="none")
            raise NotFoundError("media.no_thumbnail") from None
        await self._cache.put(key, answer.body)
        return answer.body
