"""Writes: in parts, as a whole or not at all, and nothing left behind by whoever gives up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import scene
from s3_double import Double, Reply, Request, error

from castcore_sdk import CastCoreError, PermanentError, StoragePath, TemporaryError

PATH = StoragePath("rec/Sendung ü+%.ts")
PART = b"x" * (1024 * 1024)


def test_a_stream_of_unknown_size_is_stored_in_parts(server: Double) -> None:
    async def main() -> None:
        async with scene.opened(server, prefix="studio") as (storage, _):
            entry = await storage.write(PATH, scene.pieces(*[PART] * 20, b"end"))
            assert (entry.path, entry.size) == (PATH, 20 * len(PART) + 3)

    asyncio.run(main())
    assert server.objects == {f"studio/{PATH}": PART * 20 + b"end"}
    assert {one.query["partNumber"] for one in server.requests if "partNumber" in one.query} == {"1", "2", "3"}


def test_a_part_that_fails_for_a_moment_is_sent_again(server: Double) -> None:
    left = [2]

    def storm(request: Request) -> Reply | None:
        if "partNumber" not in request.query or not left[0]:
            return None
        left[0] -= 1
        return error(503, "SlowDown")

    server.fault = storm

    async def main() -> None:
        async with scene.opened(server) as (storage, _):
            await storage.write(PATH, scene.pieces(PART))

    asyncio.run(main())
    assert server.objects == {PATH: PART}


@pytest.mark.parametrize("reply", [error(403, "AccessDenied"), error(400, "EntityTooLarge")])
def test_parts_that_are_refused_leave_nothing(server: Double, reply: Reply) -> None:
    server.fault = lambda request: reply if request.query.get("partNumber") == "2" else None

    async def main() -> None:
        async with scene.opened(server) as (storage, _):
            with pytest.raises(CastCoreError):
                await storage.write(PATH, scene.pieces(*[PART] * 30))

    asyncio.run(main())
    assert (server.objects, server.uploads) == ({}, {})


@pytest.mark.parametrize("given", [0, 1, 12, 30])
def test_whoever_gives_up_leaves_nothing(server: Double, given: int) -> None:
    reached = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(given):
            yield PART
        reached.set()
        await asyncio.Event().wait()

    async def main() -> None:
        async with scene.opened(server) as (storage, _):
            task = asyncio.create_task(storage.write(PATH, endless()))
            await asyncio.wait_for(reached.wait(), 20)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert (server.objects, server.uploads) == ({}, {})


def test_a_source_that_fails_fails_the_write(server: Double) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield PART * 9
        raise PermanentError("test.broken")

    async def main() -> None:
        async with scene.opened(server) as (storage, _):
            with pytest.raises(PermanentError, match=r"test\.broken"):
                await storage.write(PATH, broken())
            with pytest.raises(PermanentError) as caught:
                await storage.write(PATH, scene.pieces(b"12"), size=3)
            assert caught.value.code == "storage.incomplete"

    asyncio.run(main())
    assert (server.objects, server.uploads) == ({}, {})


def test_a_service_that_goes_away_is_told(server: Double) -> None:
    async def gone() -> AsyncIterator[bytes]:
        yield PART
        server.fault = lambda request: Reply(503, {}, b"", cut=0)
        yield PART * 8

    async def main() -> None:
        async with scene.opened(server) as (storage, _):
            with pytest.raises(TemporaryError) as caught:
                await storage.write(PATH, gone())
            assert caught.value.code == "s3.slow_down"

    asyncio.run(main())
    assert server.objects == {}


def test_directories(server: Double) -> None:
    async def main() -> None:
        server.objects.update({"a/": b"", "b/": b"", "b/c": b"1"})
        async with scene.opened(server) as (storage, _):
            with pytest.raises(PermanentError) as caught:
                await storage.delete(StoragePath("b"))
            assert caught.value.code == "s3.directory_not_empty"
            await storage.delete(StoragePath("a"))
            with pytest.raises(PermanentError):
                await storage.write(StoragePath("b"), scene.pieces(b""))
            with pytest.raises(PermanentError):
                await storage.write(StoragePath(""), scene.pieces(b""))

    asyncio.run(main())
    assert set(server.objects) == {"b/", "b/c"}
