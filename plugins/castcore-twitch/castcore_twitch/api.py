"""Twitch's Helix API, as far as a broadcast needs it.

Reference: https://dev.twitch.tv/docs/api/reference/, rate limits: https://dev.twitch.tv/docs/api/guide/#twitch-rate-limits
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

import httpx2 as httpx

from castcore_sdk import (
    AuthenticationError,
    CastCoreError,
    ConfigurationError,
    NotFoundError,
    OAuthSession,
    PermanentError,
    TemporaryError,
)
from castcore_twitch.answer import Answer, text
from castcore_twitch.pace import Pace

_LONGEST_ANSWER = 4 << 20
"""Bytes."""
_PATIENCE = httpx.Timeout(20.0, pool=5.0)


class Api:
    """Calls on behalf of one account. Every failure is a CastCoreError ``twitch.*`` or the session's own."""

    def __init__(self, url: str, session: OAuthSession, pace: Pace) -> None:
        self._url = url
        self._session = session
        self._pace = pace

    async def get(self, path: str, **parameters: str | int) -> Answer:
        """Read something."""
        return await self._send("GET", self._url + path, parameters, None)

    async def patch(self, path: str, body: Mapping[str, Any], **parameters: str | int) -> None:
        """Change something."""
        await self._send("PATCH", self._url + path, parameters, json.dumps(body).encode())

    async def validate(self, url: str) -> Answer:
        """Ask whose token it is; Twitch wants that at the start and every hour from then on."""
        return await self._send("GET", url, {}, None)

    async def _send(self, verb: str, url: str, parameters: Mapping[str, str | int], content: bytes | None) -> Answer:
        self._pace.admit()
        headers = {"Client-Id": self._session.client_id}
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            request = self._session.http.build_request(
                verb, url, params=dict(parameters), content=content, headers=headers, timeout=_PATIENCE
            )
            response = await self._session.http.send(request, stream=True, follow_redirects=False)
            try:
                found = await read(response)
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            detail = f"{verb}: {type(error).__name__}"
            raise TemporaryError("twitch.unreachable", retry_after=self._pace.fail(), detail=detail) from None
        return self._judge(response, found)

    def _judge(self, response: httpx.Response, found: Answer | None) -> Answer:
        self._pace.note(response.headers)
        if response.is_success and (found is not None or response.status_code == 204):
            self._pace.succeed()
            return found or {}
        if response.is_success or response.is_redirect:
            raise TemporaryError("twitch.answer_unreadable", retry_after=self._pace.fail())
        status = response.status_code
        if status == 429:
            raise TemporaryError("twitch.too_fast", retry_after=self._pace.wait(response.headers))
        if status >= 500:
            raise TemporaryError("twitch.unavailable", retry_after=self._pace.fail(), detail=f"HTTP {status}")
        raise _refusal(status, text(found or {}, "message"))


def _refusal(status: int, said: str) -> CastCoreError:
    """Return what a refusal becomes; Twitch has no codes, so its sentence is shown where nothing better is known."""
    said = " ".join(said.split())[:200]
    words = said.lower()
    if "missing scope" in words or status == 401:
        return AuthenticationError("twitch.unauthorized", detail=f"HTTP {status}")
    if "tag" in words:
        return ConfigurationError("twitch.tags_refused", params={"said": said})
    if "title" in words or "moderation" in words or "automod" in words:
        return ConfigurationError("twitch.title_refused", params={"said": said})
    if status == 403:
        return PermanentError("twitch.forbidden", params={"said": said})
    if status == 404:
        return NotFoundError("twitch.not_found", params={"said": said})
    return PermanentError("twitch.refused", params={"said": said or str(status)})


async def read(response: httpx.Response) -> Answer | None:
    """Return the JSON object of an answer, None where it is none. Raise TemporaryError for what is too long."""
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > _LONGEST_ANSWER:
            raise TemporaryError("twitch.answer_unreadable", retry_after=timedelta(minutes=1))
    try:
        found = json.loads(bytes(body))
    except (ValueError, RecursionError):
        return None
    return cast(Answer, found) if isinstance(found, dict) else None
