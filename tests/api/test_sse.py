"""Events that can be replayed, over a real connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx2 as httpx
import pytest

from castcore_core.api.sse import EventLog
from servers.castcore import ServerProcess, server

EVENTS = "/api/v1/stage/events"


async def numbers(log: EventLog, after: int = 0) -> list[int]:
    return [number async for number, _, _ in log.follow(after)]


async def test_who_comes_late_gets_what_has_passed_and_what_comes() -> None:
    log = EventLog()
    log.append("a", {"x": 1})
    following = asyncio.create_task(numbers(log))
    await asyncio.sleep(0)
    log.append("b", "ü")
    log.finish()
    assert await following == [1, 2]
    assert await numbers(log, after=1) == [2]
    assert await numbers(log, after=2) == []
    assert [(kind, data) async for _, kind, data in log.follow()] == [("a", '{"x":1}'), ("b", '"ü"')]
    with pytest.raises(RuntimeError):
        log.append("c", None)


async def test_only_the_newest_are_kept() -> None:
    log = EventLog(limit=3)
    for number in range(10):
        log.append("a", number)
    log.finish()
    assert await numbers(log) == [8, 9, 10]


async def test_nothing_is_missed_between_reading_and_waiting() -> None:
    log = EventLog()
    following = [asyncio.create_task(numbers(log)) for _ in range(5)]
    for number in range(100):
        log.append("a", number)
        await asyncio.sleep(0)
    log.finish()
    for each in following:
        assert await each == list(range(1, 101))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with server(tmp_path_factory.mktemp("sse") / "data", module="servers.stage") as started:
        yield started


@pytest.fixture
async def client(running: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=running.address, timeout=5) as opened:
        yield opened


async def _read(lines: AsyncIterator[str], count: int) -> list[str]:
    found = []
    async for line in lines:
        if line.startswith("id: "):
            found.append(line.removeprefix("id: "))
            if len(found) == count:
                return found
    return found


async def test_a_client_that_comes_back_goes_on_where_it_was(client: httpx.AsyncClient) -> None:
    last = (await client.post(f"{EVENTS}/3")).json()["last"]
    async with client.stream("GET", EVENTS) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert stream.headers["Cache-Control"] == "no-store"
        assert stream.headers["X-Accel-Buffering"] == "no"
        lines = stream.aiter_lines()
        assert len(await _read(lines, last)) == last
        await client.post(f"{EVENTS}/2")
        assert await _read(lines, 2) == [str(last + 1), str(last + 2)]
    await client.post(f"{EVENTS}/1")
    async with client.stream("GET", EVENTS, headers={"Last-Event-ID": str(last + 1)}) as stream:
        assert await _read(stream.aiter_lines(), 2) == [str(last + 2), str(last + 3)]


@pytest.mark.parametrize("given", ["-1", "x", "١", "9" * 40, ""])
async def test_a_malformed_last_event_is_no_event(client: httpx.AsyncClient, given: str) -> None:
    first = (await client.post(f"{EVENTS}/1")).json()["last"]
    headers = [(b"Last-Event-ID", given.encode())]
    async with client.stream("GET", EVENTS, headers=headers) as stream:
        assert len(await _read(stream.aiter_lines(), first)) == first
