"""What came of one attempt. apprise tells reasons in the text of its log alone, so that is what is read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from castcore_sdk import AuthenticationError, CastCoreError, Params, PermanentError, TemporaryError

_SHORTEST = 4
"""Shorter parts of an address stand in any text by chance."""
_DETAIL = 300
_STATUS = re.compile(r"\berror=(\d{3})\b")
_SMTP = re.compile(r"\((\d{3}), b['\"]|: (\d{3}) ")
_SIGNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), code)
    for pattern, code in (
        (r"certificate|\bssl\b|tls", "apprise.tls_failed"),
        (r"name or service not known|name resolution|failed to resolve|getaddrinfo|nodename", "apprise.host_unknown"),
        (r"timed? ?out", "apprise.no_answer"),
        (r"connection refused|unreachable|no route|connection error|connection error|closed", "apprise.unreachable"),
    )
)
"""First come, first served: a certificate that fails is a connection error too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of apprise's log."""

    level: Literal["warning", "debug"]
    text: str


def failure(entries: Iterable[Entry], *, service: str, line: int, url: str) -> CastCoreError:
    """Return the error that the log of a failed attempt speaks of; it holds no part of the address."""
    known = list(entries)
    warnings = " ".join(entry.text for entry in known if entry.level == "warning")
    socket = " ".join(entry.text for entry in known if "xception" in entry.text)
    detail = hidden(warnings, url)[:_DETAIL]
    params: dict[str, str | int | float | bool] = {"service": service, "line": line}
    if (status := _status(warnings, socket)) is not None:
        return _refusal(status, params, detail)
    for pattern, code in _SIGNS:
        if pattern.search(f"{warnings} {socket}"):
            return TemporaryError(code, params=params, detail=detail)
    return TemporaryError("apprise.failed", params=params, detail=detail)


def hidden(text: str, url: str) -> str:
    """Return ``text`` without any part of ``url``: with many services its host is a token, too."""
    for part in sorted(_parts(url), key=len, reverse=True):
        text = text.replace(part, "••••")
    return text


def _status(warnings: str, socket: str) -> int | None:
    """Return the status of an HTTP answer, or of an SMTP one (RFC 5321, 4.2)."""
    if found := _STATUS.search(warnings):
        return int(found[1])
    found = _SMTP.search(socket)
    return int(found[1] or found[2]) if found else None


def _refusal(status: int, params: Params, detail: str) -> CastCoreError:
    told = {**params, "status": status}
    # RFC 4954: 530, 534 and 535 are about the login; 4xx of SMTP is for now, as are 5xx of HTTP.
    if status in (401, 403, 407, 530, 534, 535):
        return AuthenticationError("apprise.denied", params=told, detail=detail)
    if status in (408, 425, 429) or 420 < status < 460 or status in (500, 502, 503, 504):
        return TemporaryError("apprise.busy", params=told, detail=detail)
    if status in (404, 410):
        return PermanentError("apprise.not_found", params=told, detail=detail)
    return PermanentError("apprise.refused", params=told, detail=detail)


def _parts(url: str) -> set[str]:
    try:
        parts = urlsplit(url)
        found = {parts.username or "", parts.password or "", parts.hostname or "", parts.netloc, parts.fragment}
        found |= {
            parts.netloc.rpartition("@")[2],
            *parts.path.split("/"),
            *(pair[1] for pair in parse_qsl(parts.query)),
        }
    except ValueError:  # brackets that do not fit
        found = {url.partition("://")[2]}
    found |= {url, *(unquote(each) for each in found)}
    return {each for each in found if len(each) >= _SHORTEST}
