"""Making a broadcast: step by step, each noted, so that it goes on where it was interrupted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from castcore_sdk import BroadcastRequest, NotFoundError, PublishProtocol, PublishTarget, TemporaryError
from castcore_youtube.answer import Answer, child, children, moment, text
from castcore_youtube.api import (
    BIND_BROADCAST,
    INSERT_BROADCAST,
    INSERT_STREAM,
    LIST_BROADCASTS,
    LIST_STREAMS,
    Api,
    Method,
)
from castcore_youtube.configuration import YoutubeConfig
from castcore_youtube.note import Note, Notes, intent
from castcore_youtube.wording import description

_PARTS = "id,snippet,contentDetails,status"
_OVER = frozenset({"complete", "revoked"})
_PAGES = 20
"""Pages of 50 that a search reads at most."""


class Opening:
    """One request for a broadcast."""

    def __init__(self, api: Api, config: YoutubeConfig, notes: Notes, request: BroadcastRequest, owner: str) -> None:
        self._api = api
        self._config = config
        self._notes = notes
        self._request = request
        self._owner = owner
        """Whose stream it is where one is used again and again."""

    async def run(self) -> tuple[Note, PublishTarget]:
        """Return what was made, or made before, and where to send."""
        note, broadcast = await self._broadcast()
        note, stream = await self._stream(note, broadcast)
        if text(child(broadcast, "contentDetails"), "boundStreamId") != note.stream:
            await self._api.call(BIND_BROADCAST, id=note.broadcast, streamId=note.stream, part="id")
        return note, self._target(note, stream)

    async def _broadcast(self) -> tuple[Note, Answer]:
        note = await self._notes.get(self._request.broadcast_id)
        if note is not None and note.broadcast:
            found = await self._listed(LIST_BROADCASTS, note.broadcast, _PARTS)
            if found and text(child(found, "status"), "lifeCycleStatus") not in _OVER:
                return note, found
            # Somebody ended or deleted it: it takes no stream any more, and what is asked for is one that does.
            note = None
        broadcast = await self._lost(note) if note is not None else None
        if note is None or broadcast is None:
            now = self._api.quota.clock()
            await self._notes.prune(now)
            note = await self._notes.put(self._request.broadcast_id, intent(self._request, now))
            broadcast = await self._insert(note)
        return await self._change(note, broadcast=_id(broadcast)), broadcast

    async def _insert(self, note: Note) -> Answer:
        config = self._config
        body = {
            "snippet": {
                "title": note.title,
                "description": description(self._request.metadata.description),
                "scheduledStartTime": note.starts_at,
            },
            "status": {"privacyStatus": config.privacy, "selfDeclaredMadeForKids": config.made_for_kids},
            "contentDetails": {
                "enableAutoStart": config.start == "automatic",
                "enableAutoStop": config.auto_stop,
                "enableDvr": config.dvr,
                "latencyPreference": config.latency,
                # Without a preview it goes live directly, and viewers are not kept waiting for it.
                "monitorStream": {"enableMonitorStream": False},
            },
        }
        return await self._api.call(INSERT_BROADCAST, body, part=_PARTS)

    async def _lost(self, note: Note) -> Answer | None:
        """Look for the broadcast whose making was begun and of which nothing is known."""
        taken = await self._notes.taken()
        async for each in self._pages(LIST_BROADCASTS, _PARTS, broadcastStatus="upcoming"):
            snippet = child(each, "snippet")
            begin = moment(snippet, "scheduledStartTime")
            same = begin is not None and begin.replace(microsecond=0) == datetime.fromisoformat(note.starts_at)
            if same and text(snippet, "title") == note.title and text(each, "id") not in taken:
                return each
        return None

    async def _stream(self, note: Note, broadcast: Answer) -> tuple[Note, Answer]:
        known = note.stream or text(child(broadcast, "contentDetails"), "boundStreamId")
        found = await self._listed(LIST_STREAMS, known, "id,cdn") if known else None
        if found is None and self._config.reuse_stream:
            found = await self._own_stream()
        if found is None:
            found = await self._insert_stream(note)
        if note.stream != _id(found):
            note = await self._change(note, stream=_id(found))
        return note, found

    async def _own_stream(self) -> Answer | None:
        async for each in self._pages(LIST_STREAMS, "id,snippet,cdn", mine=True):
            if text(child(each, "snippet"), "description") == self._owner:
                return each
        return None

    async def _insert_stream(self, note: Note) -> Answer:
        again = self._config.reuse_stream
        body = {
            "snippet": {"title": "CastCore", "description": self._owner if again else note.broadcast},
            "cdn": {"ingestionType": "rtmp", "resolution": "variable", "frameRate": "variable"},
            "contentDetails": {"isReusable": again},
        }
        return await self._api.call(INSERT_STREAM, body, part="id,snippet,cdn,contentDetails")

    def _target(self, note: Note, stream: Answer) -> PublishTarget:
        ingestion = child(stream, "cdn", "ingestionInfo")
        protocol = self._config.protocol
        names = ("rtmpsIngestionAddress", "rtmpsBackupIngestionAddress")
        if protocol == "rtmp":
            names = ("ingestionAddress", "backupIngestionAddress")
        url, backup = (text(ingestion, name) for name in names)
        key = text(ingestion, "streamName")
        if not key or not url.startswith(f"{protocol}://"):
            raise TemporaryError("youtube.answer_unreadable", detail="no ingest address")
        usable = self._config.backup and backup.startswith(f"{protocol}://")
        return PublishTarget(
            reference=note.broadcast,
            protocol=PublishProtocol(protocol),
            url=url,
            stream_key=SecretStr(key),
            backup_url=backup if usable else None,
        )

    async def _change(self, note: Note, **fields: Any) -> Note:
        return await self._notes.change(self._request.broadcast_id, note, **fields)

    async def _listed(self, method: Method, name: str, part: str) -> Answer | None:
        try:
            answer = await self._api.call(method, id=name, part=part)
        except NotFoundError:
            return None
        return next(iter(children(answer, "items")), None)

    async def _pages(self, method: Method, part: str, **filters: str | int | bool) -> AsyncIterator[Answer]:
        page: dict[str, str | int | bool] = {}
        for _ in range(_PAGES):
            answer = await self._api.call(method, part=part, maxResults=50, body=None, **filters, **page)
            for each in children(answer, "items"):
                yield each
            token = text(answer, "nextPageToken")
            if not token:
                return
            page = {"pageToken": token}


def _id(answer: Answer) -> str:
    found = text(answer, "id")
    if not found:
        raise TemporaryError("youtube.answer_unreadable", detail="no id")
    return found
