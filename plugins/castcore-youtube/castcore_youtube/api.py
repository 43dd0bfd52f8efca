"""The YouTube Data API v3, as far as live broadcasts need it.

What a method costs: https://developers.google.com/youtube/v3/determine_quota_cost
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import httpx2 as httpx

from castcore_sdk import OAuthSession, TemporaryError
from castcore_youtube.answer import Answer
from castcore_youtube.failure import QUOTA, failure, refusal
from castcore_youtube.quota import Quota

_LONGEST_ANSWER = 4 << 20
"""Bytes."""
_PATIENCE = httpx.Timeout(20.0, pool=5.0)
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=5)

Parameters = Mapping[str, str | int | bool]


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the API."""

    verb: str
    path: str
    units: int


LIST_BROADCASTS = Method("GET", "/youtube/v3/liveBroadcasts", 1)
INSERT_BROADCAST = Method("POST", "/youtube/v3/liveBroadcasts", 50)
UPDATE_BROADCAST = Method("PUT", "/youtube/v3/liveBroadcasts", 50)
DELETE_BROADCAST = Method("DELETE", "/youtube/v3/liveBroadcasts", 50)
BIND_BROADCAST = Method("POST", "/youtube/v3/liveBroadcasts/bind", 50)
TRANSITION_BROADCAST = Method("POST", "/youtube/v3/liveBroadcasts/transition", 50)
LIST_STREAMS = Method("GET", "/youtube/v3/liveStreams", 1)
INSERT_STREAM = Method("POST", "/youtube/v3/liveStreams", 50)
LIST_VIDEOS = Method("GET", "/youtube/v3/videos", 1)
UPDATE_VIDEO = Method("PUT", "/youtube/v3/videos", 50)
LIST_CATEGORIES = Method("GET", "/youtube/v3/videoCategories", 1)
LIST_PLAYLIST = Method("GET", "/youtube/v3/playlistItems", 1)
INSERT_INTO_PLAYLIST = Method("POST", "/youtube/v3/playlistItems", 50)
SET_THUMBNAIL = Method("POST", "/upload/youtube/v3/thumbnails/set", 50)
LIST_CHANNELS = Method("GET", "/youtube/v3/channels", 1)


class Backoff:
    """How long to stay away: longer with every failure in a row."""

    def __init__(self) -> None:
        self._failed = 0

    def succeed(self) -> None:
        """Begin anew."""
        self._failed = 0

    def fail(self) -> timedelta:
        """Return how long to stay away after one more failure."""
        self._failed += 1
        wait = _FIRST_WAIT * float(2 ** min(self._failed - 1, 10))
        return min(wait, _LONGEST_WAIT)


class Api:
    """Calls on behalf of one account. Every failure is a CastCoreError ``youtube.*`` or the session's own."""

    def __init__(self, url: str, session: OAuthSession, quota: Quota, backoff: Backoff) -> None:
        self._url = url
        self._session = session
        self._backoff = backoff
        self.quota = quota

    async def call(
        self, method: Method, body: Mapping[str, Any] | None = None, **parameters: str | int | bool
    ) -> Answer:
        """Call a method. ``body`` becomes JSON; ``parameters`` stand in the query."""
        content = None if body is None else json.dumps(body, ensure_ascii=True).encode()
        return await self._send(method, parameters, content, "application/json; charset=utf-8")

    async def upload(self, method: Method, content: bytes, media_type: str, **parameters: str | int | bool) -> Answer:
        """Send a file as it is."""
        return await self._send(method, {**parameters, "uploadType": "media"}, content, media_type)

    async def _send(self, method: Method, parameters: Parameters, content: bytes | None, media_type: str) -> Answer:
        await self.quota.spend(method.units)
        query = {
            name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in parameters.items()
        }
        headers = {} if content is None else {"Content-Type": media_type}
        request = self._session.http.build_request(
            method.verb, self._url + method.path, params=query, content=content, headers=headers, timeout=_PATIENCE
        )
        try:
            response = await self._session.http.send(request, stream=True, follow_redirects=False)
            try:
                text = await _read(response)
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            detail = f"{method.verb} {method.path}: {type(error).__name__}"
            raise TemporaryError("youtube.unreachable", retry_after=self._backoff.fail(), detail=detail) from None
        return await self._judge(response, text)

    async def _judge(self, response: httpx.Response, text: bytes) -> Answer:
        answer = _parse(text)
        if response.is_success and (answer is not None or not text.strip()):
            self._backoff.succeed()
            return answer or {}
        if response.is_success or response.is_redirect:
            raise TemporaryError("youtube.answer_unreadable", retry_after=self._backoff.fail())
        if refusal(answer or {}) in QUOTA:
            await self.quota.use_up()
            raise TemporaryError("youtube.quota_exceeded", retry_after=self.quota.wait())
        passing = response.status_code == 429 or response.status_code >= 500
        wait = self._backoff.fail() if passing else _FIRST_WAIT
        raise failure(response.status_code, response.headers, answer or {}, wait)


async def _read(response: httpx.Response) -> bytes:
    text = bytearray()
    async for part in response.aiter_bytes():
        text += part
        if len(text) > _LONGEST_ANSWER:
            raise TemporaryError("youtube.answer_unreadable", detail="longer than 4 MiB")
    return bytes(text)


def _parse(text: bytes) -> Answer | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return cast(Answer, found) if isinstance(found, dict) else None
