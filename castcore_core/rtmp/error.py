"""What can go wrong between two RTMP peers, by what the caller does next."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterable, Mapping

Param = str | int | float | bool

_SHOWN_CHARACTERS = 300
_SHORTEST_VALUE = 4
_MASK = "•••"


class RtmpError(Exception):
    """Root of the package's errors. No text of one ever holds a stream key or a password.

    ``code`` has its texts in ``locales/*/rtmp.json``, ``params`` are their values, ``detail`` is for logs.
    ``retryable`` is False where the same attempt keeps failing until a person changes something:
    a supervisor that never gives up then waits its longest time between attempts.
    """

    retryable = True

    def __init__(
        self,
        code: str,
        params: Mapping[str, Param] | None = None,
        detail: str = "",
        *,
        retryable: bool | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.params: dict[str, Param] = dict(params or {})
        self.detail = detail
        if retryable is not None:
            self.retryable = retryable

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.code}({shown})" + (f": {self.detail}" if self.detail else "")

    def at(self, peer: str) -> RtmpError:
        """Name the other side (``host:port``) where the error does not yet, and return the error."""
        self.params.setdefault("peer", peer)
        return self


class NetworkError(RtmpError):
    """The way to the peer, or the peer, is gone: try again after a wait."""


class RejectedError(RtmpError):
    """The server said no: its answer stays the same until key, account or server change."""

    retryable = False


class SetupError(RtmpError):
    """Address, certificate or port do not fit: change the settings."""

    retryable = False


class PeerError(RtmpError):
    """The peer sent what the protocol or our limits do not allow."""


def protocol_error(detail: str) -> PeerError:
    """Return the error for bytes that are no RTMP."""
    return PeerError("rtmp.protocol_error", detail=detail)


def limit_exceeded(limit: str, most: int) -> PeerError:
    """Return the error for a peer that sent more than ``most`` of what ``limit`` counts."""
    return PeerError("rtmp.limit_exceeded", {"limit": limit, "most": most})


def scrub(text: str, secrets: Iterable[str]) -> str:
    """Return a peer's text fit for people and logs: secrets masked, one line, at most 300 characters.

    Each secret is masked as it is and percent-encoded or decoded; a stream key also without its query, and
    each value of that query from four characters on.
    """
    for form in sorted(_forms(secrets), key=len, reverse=True):
        text = _in_any_encoding(form).sub(_MASK, text)
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _SHOWN_CHARACTERS else line[: _SHOWN_CHARACTERS - 1] + "…"


def _forms(secrets: Iterable[str]) -> set[str]:
    parts: set[str] = set()
    for secret in secrets:
        name, _, query = secret.partition("?")
        parts |= {secret, name, query}
        values = (pair.partition("=")[2] for pair in query.split("&"))
        parts |= {value for value in values if len(value) >= _SHORTEST_VALUE}
    return (parts | {urllib.parse.unquote(part) for part in parts}) - {""}


def _in_any_encoding(secret: str) -> re.Pattern[str]:
    """Match a text with any of its characters percent-encoded."""
    return re.compile("".join(f"(?:{re.escape(char)}|{_percent(char)})" for char in secret))


def _percent(char: str) -> str:
    return "".join(f"(?i:%{byte:02x})" for byte in char.encode("utf-8", "replace"))
