"""Ways in which the other side of an HTTP API fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx2 as httpx

Answer = Callable[[httpx.Request], httpx.Response]

PASSING = frozenset({"connect_error", "time_out", "status_429", "status_503"})
"""Those that pass by themselves, by the name of the answer."""
FAILING = 20.0
"""Seconds for one of them: trying again is the core's business, and it does not wait for ever."""


def answers() -> Iterator[Answer]:
    """Yield handlers for ``httpx2.MockTransport``; their ``__name__`` says what is wrong."""

    def connect_error(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    def time_out(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("too slow", request=request)

    def no_json(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text="<html>")

    def other_json(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[None])

    yield from (connect_error, time_out, no_json, other_json)
    for status in (401, 403, 404, 429, 503):

        def answer(request: httpx.Request, status: int = status) -> httpx.Response:
            return httpx.Response(status, json={})

        answer.__name__ = f"status_{status}"
        yield answer
