"""What the plugin remembers of a broadcast, so that the same request never makes a second one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeAlias

from castcore_sdk import BroadcastRequest, DocumentStore, Params
from castcore_youtube.answer import Answer, child, children, text
from castcore_youtube.wording import title

_COLLECTION = "broadcasts"
_SOON = timedelta(seconds=60)
_SPREAD = 60
_KEPT = timedelta(days=30)


Problems: TypeAlias = tuple[tuple[str, Params], ...]
"""Codes and their parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One broadcast. Written before YouTube is asked, so whatever is made there has a note here."""

    title: str
    starts_at: str
    """RFC 3339. With the title it finds a broadcast again whose making was never answered."""
    broadcast: str = ""
    """YouTube's id; empty until it is known."""
    stream: str = ""
    dressed: bool = False
    """Category, tags, language and playlists are set."""
    problems: Problems = ()
    """What stood in the way."""


def intent(request: BroadcastRequest, now: datetime) -> Note:
    """Return the note for a broadcast that is yet to be made.

    Viewers see the start to the minute; its second comes from the request's id and tells broadcasts apart that are made
    at the same time with the same title.
    """
    wanted = request.starts_at or now
    begin = max(wanted.astimezone(UTC), now + _SOON).replace(microsecond=0)
    second = int.from_bytes(bytes.fromhex(_key(request.broadcast_id))[:4], "big") % _SPREAD
    starts_at = begin.replace(second=0) + timedelta(seconds=second)
    if starts_at < now + _SOON / 2:
        starts_at += timedelta(minutes=1)
    return Note(title=title(request.metadata.title), starts_at=_moment(starts_at))


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


class Notes:
    """The notes in the plugin's documents."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store

    async def get(self, broadcast_id: str) -> Note | None:
        """Return the note of a broadcast that was asked for."""
        document = await self._store.get(_COLLECTION, _key(broadcast_id))
        return None if document is None else _note(document)

    async def put(self, broadcast_id: str, note: Note) -> Note:
        """Keep a note."""
        document: dict[str, Any] = asdict(note)
        problems = [{"code": code, "params": dict(params)} for code, params in note.problems]
        await self._store.put(_COLLECTION, _key(broadcast_id), {**document, "problems": problems})
        return note

    async def change(self, broadcast_id: str, note: Note, **fields: Any) -> Note:
        """Keep a note with other values."""
        return await self.put(broadcast_id, replace(note, **fields))

    async def of(self, reference: str) -> Note | None:
        """Return the note of the broadcast that YouTube calls ``reference``."""
        async for _, document in self._store.scan(_COLLECTION):
            if text(document, "broadcast") == reference:
                return _note(document)
        return None

    async def taken(self) -> frozenset[str]:
        """Return the ids of all broadcasts that have a note."""
        return frozenset([text(document, "broadcast") async for _, document in self._store.scan(_COLLECTION)])

    async def prune(self, now: datetime) -> None:
        """Remove what is older than any broadcast can last: of openings that were given up."""
        before = _moment(now - _KEPT)
        old = [key async for key, document in self._store.scan(_COLLECTION) if text(document, "starts_at") < before]
        for key in old:
            await self._store.delete(_COLLECTION, key)

    async def forget(self, reference: str) -> None:
        """Remove the note of a broadcast that is over."""
        keys = [
            key async for key, document in self._store.scan(_COLLECTION) if text(document, "broadcast") == reference
        ]
        for key in keys:
            await self._store.delete(_COLLECTION, key)


def _key(broadcast_id: str) -> str:
    """Return a key that every store takes, however long the id is."""
    return sha256(broadcast_id.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _note(document: Answer) -> Note:
    return Note(
        title=text(document, "title"),
        starts_at=text(document, "starts_at"),
        broadcast=text(document, "broadcast"),
        stream=text(document, "stream"),
        dressed=document.get("dressed") is True,
        problems=tuple((text(each, "code"), child(each, "params")) for each in children(document, "problems")),
    )
