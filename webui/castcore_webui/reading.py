"""Ask the server's own API, as the one who asked for the page: same gate, same answer, no second truth."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextvars import Context
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from hypercorn.typing import HTTPScope
from quart import Quart, Response, current_app, request
from werkzeug.datastructures import Headers

_BASE = "/api/v1"
_KEPT = ("Host", "Cookie", "Authorization", "User-Agent", "X-Forwarded-For", "X-Forwarded-Proto")


@dataclass(frozen=True, slots=True)
class Reply:
    """What the API has answered."""

    status: int
    body: Any

    @property
    def ok(self) -> bool:
        """Tell whether it is what was asked for."""
        return self.status < 300

    @property
    def items(self) -> list[Any]:
        """The items of a list; none where the list was refused."""
        return list(self.body["items"]) if self.ok else []

    @property
    def error(self) -> dict[str, Any] | None:
        """The error, with ``code`` and ``params``."""
        return None if self.ok else self.body["error"]


async def ask(path: str, query: Mapping[str, object] | None = None) -> Reply:
    """Return the answer to ``GET /api/v1PATH``."""
    app: Quart = current_app._get_current_object()  # type: ignore[attr-defined]
    headers = Headers([(name, value) for name in _KEPT if (value := request.headers.get(name))])
    path, _, fixed = path.partition("?")
    inner = app.request_class(
        "GET",
        request.scheme,
        _BASE + path,
        (fixed or urlencode(query or {})).encode(),
        headers,
        "",
        request.http_version,
        cast(HTTPScope, request.scope),
        send_push_promise=_no_push,
    )
    inner.body.set_complete()
    # In a context of its own: `g` and the names bound for the log belong to one request each.
    response = await asyncio.create_task(app.handle_request(inner), context=Context())
    assert isinstance(response, Response)
    return Reply(response.status_code, await response.get_json())


async def ask_all(*paths: str) -> list[Reply]:
    """Return the answers to several paths, asked side by side."""
    return await asyncio.gather(*(ask(path) for path in paths))


async def _no_push(path: str, headers: Headers) -> None:
    pass
