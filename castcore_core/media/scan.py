"""One scan: walk through a source, read what is new or has changed, forget what has vanished."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from castcore_core.media.kind import Kind, kind_of
from castcore_core.media.models import MediaItem
from castcore_core.media.pool import Pool
from castcore_core.media.probe import probe
from castcore_core.media.record import LISTED, PROBED, listed, named, place_of, ready, unread, unreadable
from castcore_core.media.shelf import Shelf
from castcore_core.media.usage import items_in_use
from castcore_sdk import CastCoreError, PermanentError, StorageEntry, TemporaryError

MOST_FILES = 500_000
"""Media files in one source; a scan of more fails."""
_BATCH = 500
_PROBED_BATCH = 64
_FLUSH_S = 1.0
_TELL_S = 0.5
_PROBE_S = 20.0
_LOST = 16
"""Files in a row that could not be read for the moment, after which it is the source that is lost."""

Tell = Callable[[str, Mapping[str, int]], Awaitable[None]]
"""Takes the state and the counts, twice a second at most."""


class SourceScan:
    """The scan of one source. Whatever has been found so far stays where it is ended, so another one goes on there."""

    def __init__(self, source_id: UUID, shelf: Shelf, pool: Pool, workers: int, tell: Tell) -> None:
        self._source_id = source_id
        self._shelf = shelf
        self._pool = pool
        self._workers = workers
        self._tell = tell
        self._told = 0.0
        self._state = "walking"
        self.counts: Counter[str] = Counter(
            dict.fromkeys(("found", "added", "changed", "removed", "to_read", "read", "unreadable"), 0)
        )
        self._seen: set[int] = set()
        self._read: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = []
        self._flushed = time.monotonic()
        self._failures = 0

    async def run(self) -> None:
        """Scan. Raises the CastCoreError of a source that fails; then nothing is forgotten."""
        await self._say(now=True)
        batch: list[tuple[StorageEntry, Kind]] = []
        async for entry in self._shelf.walk(self._source_id):
            if (kind := kind_of(entry.path)) is None or entry.is_dir:
                continue
            batch.append((entry, kind))
            if len(batch) >= _BATCH:
                await self._compare(batch)
                batch.clear()
        await self._compare(batch)
        await self._forget()
        self._state = "probing"
        self.counts["to_read"] = await MediaItem.filter(source_id=self._source_id, state="unread").count()
        await self._say(now=True)
        await self._read_all()

    async def _compare(self, batch: Sequence[tuple[StorageEntry, Kind]]) -> None:
        """Keep what is new or another than before; what is the same is not touched."""
        wanted = {place_of(entry.path): (entry, kind) for entry, kind in batch}
        self._seen.update(int(place[:16], 16) for place in wanted)
        self.counts["found"] += len(wanted)
        if self.counts["found"] > MOST_FILES:
            raise PermanentError("media.too_many_files", params={"most": MOST_FILES})
        rows = await MediaItem.filter(source_id=self._source_id, place__in=list(wanted)).values_list(
            "place", "id", "version", "state", "again"
        )
        known = {row[0]: row[1:] for row in rows}
        fresh: list[MediaItem] = []
        changed: list[MediaItem] = []
        for place, (entry, kind) in wanted.items():
            found = listed(entry, kind)
            item_id, version, state, again = known.get(place, (None, "", "", False))
            if item_id is None:
                fresh.append(self._item(uuid4(), entry.path, place, found | unread()))
            elif version != found["version"] or state == "missing" or again:
                changed.append(self._item(item_id, entry.path, place, found | unread()))
        await MediaItem.bulk_create(fresh, ignore_conflicts=True)
        await _update(changed, dict.fromkeys((*LISTED, *PROBED)))
        self.counts.update(added=len(fresh), changed=len(changed))
        await self._say()

    async def _forget(self) -> None:
        """Remove what a whole walk has not met; what a job plays is kept as missing."""
        last = UUID(int=0)
        while True:
            query = MediaItem.filter(source_id=self._source_id, id__gt=last).order_by("id").limit(_BATCH * 4)
            rows = await query.values_list("id", "place")
            if not rows:
                return
            last = rows[-1][0]
            gone = [item_id for item_id, place in rows if int(place[:16], 16) not in self._seen]
            if gone:
                used = await items_in_use(gone)
                await MediaItem.filter(id__in=list(used)).update(**unread() | {"state": "missing"})
                removed = [each for each in gone if each not in used]
                await MediaItem.filter(id__in=removed).delete()
                self.counts["removed"] += len(gone)
                await self._say()

    async def _read_all(self) -> None:
        rows = self._unread()
        turn = asyncio.Lock()

        async def work() -> None:
            while True:
                async with turn:
                    row = await anext(rows, None)
                if row is None:
                    return
                await self._read_one(row)

        tasks = [asyncio.create_task(work()) for _ in range(self._workers)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._flush()
        await self._say(now=True)

    async def _unread(self) -> AsyncIterator[dict[str, Any]]:
        last = UUID(int=0)
        while True:
            query = MediaItem.filter(source_id=self._source_id, state="unread", id__gt=last).order_by("id")
            rows = await query.limit(_BATCH).values("id", "path", "place", *LISTED)
            for row in rows:
                yield row
            if not rows:
                return
            last = rows[-1]["id"]

    async def _read_one(self, row: Mapping[str, Any]) -> None:
        try:
            if row["size"] == 0:
                raise PermanentError("media.empty")
            place = await self._shelf.locate(self._source_id, row["path"])
            result = ready(await probe(place, timeout=_PROBE_S, stored=True, pool=self._pool))
            self._failures = 0
        except CastCoreError as error:
            result = unreadable(error)
            self.counts["unreadable"] += 1
            self._failures = self._failures + 1 if isinstance(error, TemporaryError) else 0
            if self._failures >= _LOST:
                raise
        self.counts["read"] += 1
        self._read.append((row, result))
        if len(self._read) >= _PROBED_BATCH or time.monotonic() - self._flushed > _FLUSH_S:
            await self._flush()
            await self._say()

    async def _flush(self) -> None:
        results, self._read = self._read, []
        self._flushed = time.monotonic()
        items = [self._item(row["id"], row["path"], row["place"], {**row, **result}) for row, result in results]
        await _update(items, PROBED)

    def _item(self, item_id: UUID, path: str, place: str, values: Mapping[str, Any]) -> MediaItem:
        rest = {key: value for key, value in values.items() if key not in ("id", "path", "place", "name")}
        return MediaItem(id=item_id, source_id=self._source_id, path=path, place=place, name=named(path), **rest)

    async def _say(self, *, now: bool = False) -> None:
        if now or time.monotonic() - self._told > _TELL_S:
            self._told = time.monotonic()
            await self._tell(self._state, dict(self.counts))


async def _update(items: Sequence[MediaItem], columns: Iterable[str]) -> None:
    """Write many rows with one statement; a row that has vanished meanwhile is written anew."""
    if items:
        await MediaItem.bulk_create(items, on_conflict=["id"], update_fields=[*columns, "updated_at"])
