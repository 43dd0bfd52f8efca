"""HTTP towards platforms: time limits, bounded answers, and a failure that is always a code."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx2
from werkzeug.http import parse_date

from castcore_sdk.errors import TemporaryError

_TIMEOUT = httpx2.Timeout(20.0, connect=10.0)
_MOST = 16 << 20
_LONGEST_WAIT = timedelta(hours=24)


class TooLongError(httpx2.TransportError):
    """An answer is longer than anybody needs."""


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, most: int) -> None:
        self._stream = stream
        self._left = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            self._left -= len(part)
            if self._left < 0:
                raise TooLongError("the answer is too long")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


def client(kind: Callable[..., Any] = httpx2.AsyncClient, *, most: int = _MOST, **options: Any) -> Any:
    """Return an HTTP client of class ``kind`` that follows no redirects, for no token may go to another host.

    An answer of more than ``most`` bytes raises TooLongError.
    """

    async def bound(response: httpx2.Response) -> None:
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bounded(response.stream, most)

    limits = httpx2.Limits(max_connections=20, max_keepalive_connections=5)
    hooks = {"response": [bound]}
    return kind(
        timeout=_TIMEOUT, limits=limits, follow_redirects=False, event_hooks=hooks, verify=_authorities(), **options
    )


@cache
def _authorities() -> ssl.SSLContext:
    """Return whom to trust, read once: that takes longer than most requests."""
    return httpx2.create_ssl_context()


@asynccontextmanager
async def reaching() -> AsyncIterator[None]:
    """Turn what goes wrong on the way to a platform into TemporaryError ``oauth.unreachable``."""
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        raise TemporaryError("oauth.unreachable", params={"reason": type(error).__name__}) from None


def check_answer(response: httpx2.Response) -> httpx2.Response:
    """Return an answer of an OAuth endpoint: a success, or a refusal (400 or 401, RFC 6749, 5.2).

    Raises TemporaryError ``oauth.unreachable`` for anything else: the platform is busy or broken, or it is not the
    platform that has answered.
    """
    status = response.status_code
    if not (response.is_success or status in (400, 401)):
        params = {"reason": f"HTTP {status}"}
        raise TemporaryError("oauth.unreachable", retry_after=retry_after(response), params=params)
    return response


def retry_after(response: httpx2.Response) -> timedelta | None:
    """Return what ``Retry-After`` says (RFC 9110, 10.2.3), a day at most."""
    said = response.headers.get("Retry-After", "")
    if said.isascii() and said.isdigit():
        return min(timedelta(seconds=int(said[:9])), _LONGEST_WAIT)
    moment = parse_date(said) if said else None
    return None if moment is None else min(max(moment - datetime.now(UTC), timedelta()), _LONGEST_WAIT)
