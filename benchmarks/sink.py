"""An RTMP server in a process of its own that notes when each video tag has been parsed.

``python benchmarks/sink.py`` prints its port, then for every question on standard input one line of JSON:

* ``stamps``: ``[[key, monotonic_ns, tag timestamp, first payload bytes in hex], …]`` since the last question
* ``counts``: ``{key: [publishers so far, video tags, bytes]}``
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from castcore_core.rtmp import IncomingStream, Limits, Refusal, Request, TagKind, serve

_STAMPED = 48


async def main() -> None:
    """Serve until standard input ends."""
    stamps: list[tuple[str, int, int, str]] = []
    counts: dict[str, list[int]] = {}

    async def authorize(request: Request) -> Refusal | None:
        return None

    async def take(stream: IncomingStream) -> None:
        key = stream.request.key
        count = counts.setdefault(key, [0, 0, 0])
        count[0] += 1
        async for tag in stream:
            if tag.kind is TagKind.VIDEO and not tag.is_sequence_header:
                stamps.append((key, time.monotonic_ns(), tag.timestamp, tag.payload[:_STAMPED].hex()))
                count[1] += 1
            count[2] += len(tag.payload)

    limits = Limits(connections_per_address=64)
    server = await serve("127.0.0.1", 0, authorize=authorize, publish=take, limits=limits)
    print(server.port, flush=True)
    questions = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    while question := (await questions.readline()).strip():
        if question == b"stamps":
            print(json.dumps(stamps), flush=True)
            stamps.clear()
        else:
            print(json.dumps(counts), flush=True)
    await server.close(1.0)


if __name__ == "__main__":
    asyncio.run(main())
