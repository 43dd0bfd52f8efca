"""Reads that break, stall, end early or meet another object, and are mended where it is the same one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import scene
from s3_double import Double, Reply, Request, error

from castcore_sdk import (
    AuthenticationError,
    CastCoreError,
    ConfigurationError,
    NotFoundError,
    PermanentError,
    StoragePath,
    TemporaryError,
)
from castcore_sdk.testing.comparison import same_bytes

DATA = random.Random(7).randbytes(6_000_003)
PATH = StoragePath("show/a.mp4")
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def _file(server: Double) -> None:
    server.objects[PATH] = DATA


def _contents(request: Request) -> bool:
    """Tell a read of contents from the question that follows a failure, which is for one byte."""
    first, _, last = request.headers.get("range", "").removeprefix("bytes=").partition("-")
    return request.method == "GET" and request.key == PATH and first != last


def _spoil(server: Double, number: int, spoil: Callable[[Reply], Reply]) -> None:
    """Let the ``number``-th read of contents, counted from 1, be answered with what ``spoil`` makes of the answer."""
    plain, seen = server.answer, [0]

    def answer(request: Request) -> Reply:
        reply = plain(request)
        seen[0] += _contents(request)
        return spoil(reply) if _contents(request) and seen[0] == number else reply

    server.answer = answer  # type: ignore[method-assign]


def _run(server: Double, **changes: object) -> bytes:
    async def main() -> bytes:
        async with scene.opened(server, **changes) as (storage, _):
            return await scene.read(storage, PATH)

    return asyncio.run(main())


def test_parts_grow_and_the_next_one_is_under_way(server: Double) -> None:
    async def main() -> None:
        async with scene.opened(server) as (storage, _), storage.read(PATH) as chunks:
            first = await anext(chunks)
            await scene.asked(server, _contents, 2)
            same_bytes(first + b"".join([chunk async for chunk in chunks]), DATA, "what was read")

    asyncio.run(main())
    ranges = [one.headers["range"] for one in server.requests if _contents(one)]
    assert ranges == [f"bytes=0-{MIB - 1}", f"bytes={MIB}-{5 * MIB - 1}", f"bytes={5 * MIB}-{len(DATA) - 1}"]


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("fault", [{"cut": 300_000}, {"stall": 300_000}], ids=["cut", "stall"])
def test_a_body_that_ends_early_is_resumed_where_it_broke(server: Double, number: int, fault: dict[str, Any]) -> None:
    _spoil(server, number, lambda reply: replace(reply, **fault))
    same_bytes(_run(server), DATA, "what was read")
    marks = {one.headers.get("if-match") for one in server.requests if _contents(one)}
    assert len(marks) == 2, "only the first read goes without If-Match"
    assert None in marks


@pytest.mark.parametrize(
    ("reply", "count"),
    [
        (error(503, "SlowDown"), 4),
        (error(500, "InternalError"), 4),
        (Reply(429, {"retry-after": "1"}), 2),
        (Reply(502), 4),
    ],
)
def test_a_storm_is_ridden_out(server: Double, reply: Reply, count: int) -> None:
    left = [count]

    def storm(request: Request) -> Reply | None:
        if len([one for one in server.requests if _contents(one)]) < 2 or not left[0]:
            return None
        left[0] -= 1
        return replace(reply, headers=dict(reply.headers))

    server.fault = storm
    same_bytes(_run(server), DATA, "what was read")
    assert left == [0]


def test_a_server_that_is_gone_for_a_while(server: Double) -> None:
    def gone(request: Request) -> Reply | None:
        return Reply(503, {}, b"", cut=0) if 2 <= len(server.requests) < 6 else None

    server.fault = gone
    same_bytes(_run(server), DATA, "what was read")


def test_a_storm_that_does_not_end_is_told(server: Double) -> None:
    server.fault = lambda request: error(503, "SlowDown") if len(server.requests) > 1 else None
    with pytest.raises(TemporaryError) as caught:
        _run(server)
    assert caught.value.code == "s3.slow_down"


def test_a_wait_longer_than_the_patience_is_passed_on(server: Double) -> None:
    server.fault = lambda request: error(429, "SlowDown", retry_after="300") if len(server.requests) > 1 else None
    with pytest.raises(TemporaryError) as caught:
        _run(server)
    assert caught.value.retry_after == timedelta(seconds=300)


def test_a_server_that_stalls_again_and_again_is_slow_and_no_more(server: Double) -> None:
    plain = server.answer
    server.answer = lambda request: (  # type: ignore[method-assign]
        replace(plain(request), stall=1000) if _contents(request) else plain(request)
    )

    async def main() -> int:
        got = 0
        async with scene.opened(server) as (storage, _), storage.read(PATH, offset=len(DATA) - 5000) as chunks:
            async for chunk in chunks:
                got += len(chunk)
        return got

    assert asyncio.run(main()) == 5000


def test_a_stall_without_end_is_told(server: Double) -> None:
    plain = server.answer
    server.answer = lambda request: (  # type: ignore[method-assign]
        replace(plain(request), stall=0) if _contents(request) and len(server.requests) > 1 else plain(request)
    )
    with pytest.raises(TemporaryError) as caught:
        _run(server)
    assert caught.value.code == "s3.interrupted"


@pytest.mark.parametrize("changed", [b"another" * 800_000, b"short", b""])
def test_another_object_is_noticed(server: Double, changed: bytes) -> None:
    async def main() -> None:
        async with scene.opened(server) as (storage, _), storage.read(PATH) as chunks:
            await anext(chunks)
            await scene.asked(server, _contents, 2)
            server.objects[PATH] = changed
            with pytest.raises(PermanentError) as caught:
                async for _ in chunks:
                    pass
            assert caught.value.code == "s3.changed"

    asyncio.run(main())


def test_another_object_is_noticed_where_if_match_is_not_heeded(server: Double) -> None:
    def swap(request: Request) -> None:
        if len(server.requests) > 1:
            server.objects[PATH] = DATA[::-1]

    server.heeds_if_match, server.fault = False, swap
    with pytest.raises(PermanentError, match=r"s3\.changed"):
        _run(server)


@pytest.mark.parametrize("sent", [0, 1000])
def test_a_part_that_is_shorter_than_it_says(server: Double, sent: int) -> None:
    _spoil(server, 2, lambda reply: replace(reply, body=reply.body[:sent]))
    same_bytes(_run(server), DATA, "what was read")


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error(403, "InvalidAccessKeyId"), AuthenticationError),
        (error(404, "NoSuchBucket"), ConfigurationError),
        (error(404, "NoSuchKey"), NotFoundError),
    ],
)
def test_what_no_patience_mends_is_told_at_once(server: Double, reply: Reply, kind: type[CastCoreError]) -> None:
    server.fault = lambda request: reply if len(server.requests) > 1 else None
    with pytest.raises(kind):
        _run(server)


def test_a_directory_and_a_marker_hold_nothing(server: Double) -> None:
    server.objects["show/"] = b""

    async def main() -> None:
        async with scene.opened(server) as (storage, _):
            with pytest.raises(NotFoundError):
                await scene.read(storage, "show")
            with pytest.raises(PermanentError):
                await scene.read(storage, "")

    asyncio.run(main())


def test_a_reader_that_leaves_costs_no_more(server: Double) -> None:
    async def main() -> None:
        async with scene.opened(server) as (storage, _):
            async with storage.read(PATH) as chunks:
                await anext(chunks)
            asked = len(server.requests)
            await asyncio.sleep(0.1)
            assert len(server.requests) <= asked + 1

    asyncio.run(main())
