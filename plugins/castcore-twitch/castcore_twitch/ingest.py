"""Twitch's servers that take a stream, and which of them is nearest.

List: https://dev.twitch.tv/docs/video-broadcast/reference/#get-ingest-servers
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import time
from collections.abc import Mapping, Sequence

import httpx2 as httpx

from castcore_sdk import CastCoreError, CheckResult, DocumentStore, Params, Severity
from castcore_twitch.answer import Answer, children, number, text
from castcore_twitch.api import read

PORTS = {"rtmps": 443, "rtmp": 1935}
GLOBAL = {
    "rtmps": "rtmps://ingest.global-contribute.live-video.net:443/app",
    "rtmp": "rtmp://ingest.global-contribute.live-video.net/app",
}
"""The server that leads to one near the sender by the name server's answer."""
_TEMPLATES = {"rtmps": "url_template_secure", "rtmp": "url_template"}
_URL = re.compile(r"(rtmps?)://([A-Za-z0-9.-]+)(?::([0-9]{1,5}))?/app")
_CANDIDATES = 8
"""The list begins with the servers near the address that asks."""
_ROUNDS = 2
_PATIENCE = 2.0
"""Seconds for the list, and again for each connection."""
_KEPT_S = 24 * 3600.0
_COLLECTION = "ingests"


class Ingests:
    """Finds servers; what was measured is kept for a day, so a restart meets the same server."""

    def __init__(self, url: str, hosts: Sequence[str], store: DocumentStore, http: httpx.AsyncClient) -> None:
        self._url = url
        self._hosts = tuple(hosts)
        """What the name of a server ends with: the stream key is sent there."""
        self._store = store
        self._http = http

    async def nearest(self, protocol: str) -> Sequence[str]:
        """Return the addresses of the servers that answer, fastest first; never empty, and nothing is raised."""
        kept = await self._kept(protocol)
        if kept:
            return kept
        try:
            async with asyncio.timeout(_PATIENCE * 2):
                found = await self._measure(protocol)
        except (CastCoreError, httpx.HTTPError, TimeoutError):
            found = []
        if found:
            document = {"at": time.time(), "urls": list(found)}
            await self._store.put(_COLLECTION, protocol, document)
        return found or [GLOBAL[protocol]]

    async def _kept(self, protocol: str) -> Sequence[str]:
        document = await self._store.get(_COLLECTION, protocol) or {}
        at, urls = document.get("at"), document.get("urls")
        if not isinstance(at, float) or not isinstance(urls, list) or not 0 <= time.time() - at < _KEPT_S:
            return ()
        return [str(url) for url in urls if self._is_ingest(str(url), protocol)]

    async def _measure(self, protocol: str) -> Sequence[str]:
        request = self._http.build_request("GET", self._url, timeout=_PATIENCE)
        response = await self._http.send(request, stream=True)
        try:
            answer = await read(response) if response.is_success else None
        finally:
            await response.aclose()
        urls = self._candidates(answer or {}, protocol)
        times = await asyncio.gather(*(connecting(url) for url in urls))
        answered = sorted((took, url) for took, url in zip(times, urls, strict=True) if took is not None)
        return [url for _, url in answered]

    def _candidates(self, answer: Answer, protocol: str) -> list[str]:
        urls: list[str] = []
        for each in children(answer, "ingests"):
            url = text(each, _TEMPLATES[protocol]).removesuffix("/{stream_key}")
            if number(each, "availability") != 0 and self._is_ingest(url, protocol) and url not in urls:
                urls.append(url)
        return urls[:_CANDIDATES]

    def _is_ingest(self, url: str, protocol: str) -> bool:
        match = _URL.fullmatch(url)
        if match is None or match[1] != protocol or int(match[3] or 1) > 65535:
            return False
        return match[2].lower().endswith(self._hosts)


async def connecting(url: str) -> float | None:
    """Return the seconds that a TCP connection takes at best, None where there is none."""
    scheme, host, port = address(url)
    best: float | None = None
    for _ in range(_ROUNDS):
        begin = time.monotonic()
        try:
            async with asyncio.timeout(_PATIENCE / _ROUNDS):
                _, writer = await asyncio.open_connection(host, port or PORTS[scheme])
        except (OSError, TimeoutError, UnicodeError):  # the last for a name that none can have, such as a..b
            return best
        took = time.monotonic() - begin
        best = took if best is None else min(best, took)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    return best


async def reachability(url: str) -> CheckResult:
    """Open a connection to a server, with TLS where it has that, and close it."""
    scheme, host, port = address(url)
    params: Params = {"host": host, "port": port or PORTS[scheme]}
    context = await asyncio.to_thread(ssl.create_default_context) if scheme == "rtmps" else None
    try:
        async with asyncio.timeout(_PATIENCE * 2):
            _, writer = await asyncio.open_connection(host, port or PORTS[scheme], ssl=context)
    except (OSError, TimeoutError):
        return CheckResult(code="twitch.ingest_unreachable", severity=Severity.ERROR, params=params)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return CheckResult(code="twitch.ingest_reachable", severity=Severity.OK, params=params)


def address(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of a server's address."""
    scheme, _, rest = url.partition("://")
    host, _, port = rest.partition("/")[0].partition(":")
    return scheme, host, int(port) if port else None


def servers(protocol: str, nearest: Sequence[str], globals_: Mapping[str, str] = GLOBAL) -> tuple[str, str | None]:
    """Return the first and the second server of those that were found."""
    both = [*nearest, globals_[protocol]]
    return both[0], next((url for url in both[1:] if url != both[0]), None)
