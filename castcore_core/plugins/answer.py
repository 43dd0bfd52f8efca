"""How long an answer may be that a plugin reads over HTTP."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx2

from castcore_sdk import Params, TemporaryError

LONGEST = 16 << 20
"""Bytes. Answers of the platforms' APIs have kilobytes, the longest lists a few megabytes; what is longer is broken or
hostile, and the memory that it fills is that of every stream that runs here."""


class CappedResponse(httpx2.Response):
    """Gives `LONGEST` bytes at most, as sent and as decoded: a little can be a thousand times as much, uncompressed.

    Raises TemporaryError ``plugins.answer_too_large``: later the other side may be itself again.
    """

    def aiter_raw(self, chunk_size: int | None = None) -> AsyncGenerator[bytes, None]:
        """Give what was sent."""
        return self._capped(super().aiter_raw(chunk_size))

    def aiter_bytes(self, chunk_size: int | None = None) -> AsyncGenerator[bytes, None]:
        """Give it decoded; everything else that reads goes through here. httpx2 decodes 1 MiB at a time."""
        return self._capped(super().aiter_bytes(chunk_size))

    async def _capped(self, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        left = LONGEST
        async with aclosing(pieces):
            async for piece in pieces:
                left -= len(piece)
                if left < 0:
                    params: Params = {"host": self.url.host, "limit": LONGEST >> 20}
                    raise TemporaryError("plugins.answer_too_large", params=params)
                yield piece


async def cap(response: httpx2.Response) -> None:
    """Cap a client's response. It is a hook of the client's: one with a transport of ours would know no proxies."""
    response.__class__ = CappedResponse
