"""Take the secrets out of an address that ffmpeg has to open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from castcore_core.runner.plan import Argument, Ref

_HARMLESS = frozenset(
    {
        *("mode", "latency", "rcvlatency", "peerlatency", "pkt_size", "pbkeylen", "transtype", "connect_timeout"),
        *("timeout", "listen", "listen_timeout", "ttl", "localaddr", "localport", "buffer_size", "fifo_size"),
        *("overrun_nonfatal", "reuse", "sources", "rw_timeout"),
    }
)
"""Options in a query that say how, never who."""
_SHORTEST_SECRET = 4
"""Shorter values of a query are no secrets, and would be struck out of every log line."""
_PAIR = re.compile(r"(?P<key>[^&=;]*)=(?P<value>[^&;]*)")


def conceal(url: str, name: str) -> tuple[Argument, Mapping[str, str]]:
    """Return ``url`` as an argument with references ``NAME.1``, ``NAME.2`` … and the secrets they stand for.

    Secret are user and password, and the values in the query beyond a list of harmless options: presigned URLs, tokens,
    passphrases. The path is not: an address whose path is a secret belongs into a source that says so.
    """
    parts: list[str | Ref] = []
    secrets: dict[str, str] = {}
    end = 0
    for start, stop in sorted(_secret_spans(url)):
        reference = f"{name}.{len(secrets) + 1}"
        parts += [url[end:start], Ref(kind="secret", name=reference)]
        secrets[reference] = url[start:stop]
        end = stop
    if not secrets:
        return url, {}
    return (*parts, *([url[end:]] if url[end:] else [])), secrets


def _secret_spans(url: str) -> Iterator[tuple[int, int]]:
    split = urlsplit(url)
    userinfo, found, _ = split.netloc.rpartition("@")
    if found and userinfo:
        start = url.index("://") + 3
        yield start, start + len(userinfo)
    place = url.find("?")
    if place < 0:
        return
    for match in _PAIR.finditer(url, place + 1):
        if match["key"].lower() not in _HARMLESS and len(match["value"]) >= _SHORTEST_SECRET:
            yield match.span("value")
