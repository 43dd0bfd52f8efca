"""Find where a source lies at this moment: what is stored somewhere becomes a path or an address."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from castcore_core.core import Core
from castcore_core.media.models import MediaItem
from castcore_core.storage.service import Storage
from castcore_core.streams.definition import Input, MediaItemInput, StorageInput
from castcore_core.streams.input import source_of
from castcore_core.streams.source import Source, shown
from castcore_sdk import NotFoundError


async def resolve_input(core: Core, value: Input, *, look: bool = False) -> Source:
    """Return the source as the planner takes it; with ``look``, make sure that a stored file is there.

    Without it no storage is waited for. Raises CastCoreError ``storage.…``, ``media.item_not_found``, and what
    `source_of` raises.
    """
    if isinstance(value, StorageInput):
        return await stored_source(core, value.source_id, value.path, look=look)
    if isinstance(value, MediaItemInput):
        item = await MediaItem.get_or_none(id=value.media_id).values("source_id", "path")
        if item is None:
            raise NotFoundError("media.item_not_found")
        return await stored_source(core, item["source_id"], item["path"], look=look)
    return source_of(value)


async def stored_source(core: Core, source_id: UUID, path: str, *, look: bool = False) -> Source:
    """Return a file of a storage source as a source: a local file, or one that is read through the gateway.

    Raises CastCoreError ``storage.…``.
    """
    storage = core.get(Storage)
    place = await storage.locate(source_id, path)
    name = shown(path.rpartition("/")[2])
    if isinstance(place, Path):
        return Source(kind="file", name=name, location=str(place))
    if look:
        await storage.stat(source_id, path)
    return Source(kind="stored", name=name, location=place, has_secret=True)
