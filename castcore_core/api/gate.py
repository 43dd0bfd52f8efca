"""Who may pass: asked once for every request and WebSocket, before anything is read."""

from __future__ import annotations

from typing import Protocol

from quart import g

from castcore_core.error import UnauthenticatedError

OPEN = frozenset(
    {
        "/api/v1/docs",
        "/api/v1/i18n/<lang>",
        "/api/v1/openapi.json",
        "/api/v1/system/health",
        "/metrics",
    }
)
"""Rules that answer without a login; ``/metrics`` guards itself."""


class Actor(Protocol):
    """Who calls; the gate puts it into ``quart.g.actor``."""

    @property
    def id(self) -> str:
        """Stable id for records: a user's or a token's."""
        ...

    async def is_valid(self) -> bool:
        """Tell whether the session still lives; asked every second while a WebSocket or SSE is open."""
        ...


class Gate(Protocol):
    """Let a call pass or refuse it."""

    async def admit(self, rule: str, method: str) -> None:
        """Look at ``quart.request`` (or ``websocket``, method ``WEBSOCKET``) and set ``g.actor``.

        ``rule`` is the route as declared, such as ``/api/v1/users/<uuid:id>``. Raises UnauthenticatedError,
        ForbiddenError, ConflictError (``setup.required``) or RateLimitedError.
        """
        ...


class ClosedGate:
    """The gate of a server without accounts: only open routes answer."""

    async def admit(self, rule: str, method: str) -> None:
        """Refuse everything that is not in :data:`OPEN`."""
        if rule not in OPEN:
            raise UnauthenticatedError("auth.required")


def current_actor() -> Actor | None:
    """Return who calls, ``None`` for an open route without a login."""
    actor: Actor | None = getattr(g, "actor", None)
    return actor
