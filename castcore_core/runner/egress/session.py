"""What an output needs of a way out, whatever its kind."""

from __future__ import annotations

import asyncio
from typing import Protocol

from castcore_core.runner.egress.lane import Link
from castcore_core.runner.error import Problem


class Session(Link, Protocol):
    """One attempt that got through: tags can be sent."""

    ready: asyncio.Future[None]
    """Done when the destination is known to take the stream."""
    lost: asyncio.Future[Problem]
    """Done when the session is over, by whatever reason."""

    async def close(self, seconds: float) -> None:
        """End in order: what was sent arrives, the destination is told. Cut after ``seconds``."""

    def abort(self) -> None:
        """Cut at once. May be called twice."""


class Opener(Protocol):
    """Knows how to reach one destination."""

    async def open(self, attempt: int) -> Session:
        """Try once; ``attempt`` counts from 1. Raise an error with code, params and detail."""
