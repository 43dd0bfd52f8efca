"""Who asks to be let in by our server, and how it is told no."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

Intent = Literal["publish", "play"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A client that wants to publish or to play."""

    intent: Intent
    app: str = field(repr=False)
    """As the client gave it, query included; compare it like the key where the query is a secret."""
    key: str = field(repr=False)
    """The publish or play name, query included."""
    address: str
    """The client's IP address."""

    def key_is(self, expected: str) -> bool:
        """Compare the key in a time that tells nothing about where it differs."""
        return hmac.compare_digest(self.key.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is turned down. The description goes to the client: no secrets in it."""

    reason: Literal["denied", "name_in_use", "not_found"] = "denied"
    description: str = "Not allowed"

    def status_code(self, intent: Intent) -> str:
        """Return the ``onStatus`` code that says so. Source: Adobe's NetStream info object codes."""
        if intent == "play":
            return "NetStream.Play.StreamNotFound" if self.reason == "not_found" else "NetStream.Play.Failed"
        return "NetStream.Publish.BadName" if self.reason == "name_in_use" else "NetStream.Publish.Denied"


Authorize = Callable[[Request], Awaitable[Refusal | None]]
"""Decide about a request; None lets it in. It has ``timeouts.answer`` seconds."""
