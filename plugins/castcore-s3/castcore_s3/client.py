"""The requests that obstore does not make well enough: listings of any key, and questions that need a full answer.

obstore fails on a whole listing for one key with an empty part, and hides headers and the bodies of HEAD.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx2 as httpx

from castcore_s3.endpoint import Endpoint
from castcore_s3.failure import Answer, clock_offset, failure, unreachable
from castcore_s3.listing import Item, Page, parse_page
from castcore_s3.signature import Keys, query_string, signed
from castcore_sdk import ConfigurationError, NotFoundError, TemporaryError

_MOST_BODY = 16 * 1024 * 1024
"""Bytes of one answer. A page of 1000 keys of 1024 bytes, each byte percent-encoded, is a quarter of it."""


@dataclass(slots=True)
class Client:
    """Signed requests to one bucket. Every method raises CastCoreError, and nothing else."""

    endpoint: Endpoint
    keys: Keys
    http: httpx.AsyncClient
    offset: timedelta | None = None
    """How far this machine's clock was ahead of the service's when it last answered."""

    async def page(self, prefix: str, *, token: str | None = None, most: int = 1000) -> Page:
        """Return one page of what is directly below ``prefix`` (which ends with a slash, or is empty)."""
        query = [("delimiter", "/"), ("encoding-type", "url"), ("list-type", "2"), ("max-keys", str(most))]
        query += [("prefix", prefix)] if prefix else []
        query += [("continuation-token", token)] if token else []
        answer, body = await self._ask("GET", "", query)
        if answer.status != 200:
            raise failure(answer)
        try:
            return parse_page(body)
        except ValueError as error:
            params = {"status": answer.status}
            raise ConfigurationError("s3.not_s3", field="endpoint", params=params, detail=str(error)) from None

    async def head(self, key: str, path: str) -> Item:
        """Describe an object. Raise NotFoundError ``storage.not_found`` for ``path`` where there is none."""
        answer, _ = await self._ask("HEAD", key)
        if answer.status == 200:
            return _described(key, answer)
        if answer.status != 404:
            # A HEAD has no body: what is wrong is only said to a GET.
            await self.probe(key, path)
            raise TemporaryError("s3.interrupted")
        raise NotFoundError("storage.not_found", params={"path": path})

    async def probe(self, key: str, path: str, offset: int = 0) -> bool:
        """Ask for one byte of an object, to hear why reading fails; tell whether the byte exists."""
        answer, _ = await self._ask("GET", key, headers={"range": f"bytes={offset}-{offset}"})
        if answer.status in (200, 206):
            return True
        if answer.status == 416:
            return False
        raise failure(answer, path=path)

    async def delete(self, key: str, path: str) -> None:
        """Remove an object; no error where there is none."""
        answer, _ = await self._ask("DELETE", key)
        if answer.status not in (200, 204):
            error = failure(answer, path=path)
            if not isinstance(error, NotFoundError):
                raise error

    async def _ask(
        self, method: str, key: str, query: Sequence[tuple[str, str]] = (), headers: dict[str, str] | None = None
    ) -> tuple[Answer, bytes]:
        try:
            try:
                return await self._once(method, key, query, headers or {})
            except (httpx.RemoteProtocolError, httpx.ReadError):
                # The server closed a connection that was kept for reuse, or it is being started again.
                return await self._once(method, key, query, headers or {})
        except httpx.TransportError as error:
            reason = unreachable(error, self.endpoint.host)
        except httpx.HTTPError as error:
            reason = TemporaryError("s3.interrupted", detail=type(error).__name__)
        # Raised outside of the handlers: httpx's errors hold the request, and it holds the session token.
        raise reason

    async def _once(
        self, method: str, key: str, query: Sequence[tuple[str, str]], headers: dict[str, str]
    ) -> tuple[Answer, bytes]:
        endpoint, path, text = self.endpoint, self.endpoint.path(key), query_string(query)
        now = datetime.now(UTC)
        complete = signed(self.keys, endpoint.region, method, path, text, {"host": endpoint.host, **headers}, now)
        url = f"{endpoint.origin}{path}" + (f"?{text}" if text else "")
        async with self.http.stream(method, url, headers=complete, follow_redirects=False) as response:
            body = await _body(response, whole=not key)
        told = {name.lower(): value for name, value in response.headers.items()}
        failed = response.status_code not in (200, 204, 206)
        answer = Answer(response.status_code, body.decode("utf-8", "replace")[:65536] if failed else "", told)
        self.offset = clock_offset(answer, now) or self.offset
        return answer, body


async def _body(response: httpx.Response, *, whole: bool) -> bytes:
    """Read an answer; of an object's content nothing, where a server ignores the range that was asked for."""
    if response.status_code == 200 and not whole:
        return b""
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > _MOST_BODY:
            raise httpx.DecodingError("more than an answer may have", request=response.request)
    return bytes(data)


def _described(key: str, answer: Answer) -> Item:
    size, modified = answer.headers.get("content-length", ""), answer.headers.get("last-modified", "")
    if not size.isdecimal():
        raise ConfigurationError("s3.not_s3", field="endpoint", params={"status": answer.status})
    return Item(
        key=key,
        size=int(size),
        modified=_http_date(modified),
        etag=answer.headers.get("etag", "").removeprefix("W/").strip('"') or None,
    )


def _http_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
