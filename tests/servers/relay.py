"""A small HTTP relay before a real server: it notes what passes, and a test may answer in its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2 as httpx

_PASSED_ON = ("content-type", "authorization", "accept")

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Meddle = Callable[[Asked, Answer | None], Awaitable[Answer | None]]
"""Called before (with None) and after the real server has answered; what it returns is answered instead."""


@dataclass
class Relay:
    """The relay; ``meddle`` may be set at any time."""

    target: str
    address: str = ""
    asked: list[Asked] = field(default_factory=list)
    meddle: Meddle | None = None

    def to(self, path: str) -> list[Asked]:
        """Return the requests for a path."""
        return [each for each in self.asked if each.path.partition("?")[0] == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and close."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ", 2)
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            asked = Asked(method, path, headers, body)
            self.asked.append(asked)
            status, answered, content = await self._answer(asked)
            lines = [f"HTTP/1.1 {status} OK", f"Content-Length: {len(content)}", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in answered.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode() + content)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, asked: Asked) -> Answer:
        if self.meddle is not None and (answer := await self.meddle(asked, None)) is not None:
            return answer
        async with httpx.AsyncClient(trust_env=False, verify=False) as client:
            sent = {name: value for name, value in asked.headers.items() if name in _PASSED_ON}
            said = await client.request(asked.method, self.target + asked.path, content=asked.body, headers=sent)
        real = (said.status_code, {"Content-Type": said.headers.get("content-type", "")}, said.content)
        if self.meddle is not None and (answer := await self.meddle(asked, real)) is not None:
            return answer
        return real


@asynccontextmanager
async def relay(target: str) -> AsyncIterator[Relay]:
    """Run a relay before ``target``."""
    made = Relay(target)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
