"""The body of a request: how much of it is taken, and what it must be."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

from quart import Request, current_app
from quart.wrappers.request import Body
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

LIMIT = 1024 * 1024
"""Bytes of a JSON body; a view that takes more says so with :func:`accepts`."""
ARRIVING = 32 * 1024 * 1024
"""Bytes that may wait unread for any view; they arrive while the gate still looks at the caller."""

_DRAIN_S = 1.0

View = TypeVar("View", bound=Callable[..., Any])


def accepts(*media_types: str, limit: int = LIMIT) -> Callable[[View], View]:
    """Declare what a view reads besides JSON, and how many bytes of it, at most :data:`ARRIVING`."""

    def mark(view: View) -> View:
        view._accepts = (frozenset(media_types or ("application/json",)), limit)  # type: ignore[attr-defined]
        return view

    return mark


class LimitedBody(Body):
    """A body whose limit is known only when its route is, and whose rest can be thrown away."""

    def __init__(self, expected_content_length: int | None, max_content_length: int | None) -> None:
        super().__init__(None, max_content_length)
        self._seen = 0
        self._ended = asyncio.Event()

    def append(self, data: bytes) -> None:
        """Take what has arrived; beyond the limit it is thrown away."""
        self._seen += len(data)
        if self._must_raise is None and data:
            self._data.extend(data)
            self._has_data.set()
            self.limit(self._max_content_length or ARRIVING)
        if self._seen > ARRIVING:
            self._ended.set()

    def set_complete(self) -> None:
        """Note that everything has arrived."""
        super().set_complete()
        self._ended.set()

    def limit(self, count: int) -> None:
        """Refuse more than ``count`` bytes, also those that are there already."""
        self._max_content_length = count
        if len(self._data) > count:
            self._must_raise = RequestEntityTooLarge()
            self._data.clear()
            self._complete.set()
            self._has_data.set()

    async def drain(self) -> None:
        """Throw away what still arrives, for a second and :data:`ARRIVING` bytes at most.

        Closing a connection with unread data resets it, and the caller never sees the answer.
        """
        self._must_raise = self._must_raise or RequestEntityTooLarge()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), _DRAIN_S)


class StrictRequest(Request):
    """A request that checks its body before a view sees it."""

    body_class = LimitedBody
    body: LimitedBody

    @property
    def has_body(self) -> bool:
        """Tell whether the headers announce a body."""
        return bool(self.content_length) or "chunked" in self.headers.get("Transfer-Encoding", "").lower()

    async def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Return the body's JSON. Raises BadRequest where it is none, also where it is no UTF-8."""
        try:
            return await super().get_json(force, silent, cache)
        except UnicodeDecodeError:
            raise BadRequest from None

    def check_body(self) -> None:
        """Apply what the view of this request :func:`accepts`.

        Raises RequestEntityTooLarge or UnsupportedMediaType.
        """
        view = current_app.view_functions.get(self.endpoint or "")
        media_types, limit = getattr(view, "_accepts", (frozenset({"application/json"}), LIMIT))
        length = self.content_length
        if length is not None and length > limit:
            raise RequestEntityTooLarge
        self.body.limit(limit)
        # A POST without a body needs no type; one of unknown length, as in HTTP/2, shows by its type that it has one.
        has_type = self.method in ("PATCH", "POST", "PUT") and self.mimetype != ""
        if (self.has_body or has_type) and self.mimetype not in media_types:
            raise UnsupportedMediaType
