"""What both buses promise, on memory and on a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

import pytest

from castcore_core.events import Bus, Event, Subscription, open_bus
from castcore_core.events.bus import RESYNC
from castcore_sdk.errors import TemporaryError
from servers.process import free_port
from servers.redis import PASSWORD, RedisServer


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


Open = Callable[[], AbstractAsyncContextManager[Bus]]


@pytest.fixture(params=["memory", "redis"])
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    url = request.getfixturevalue("redis").url if request.param == "redis" else None
    async with open_bus(url) as opened:
        yield opened


async def take(subscription: Subscription, count: int) -> list[Event]:
    async with asyncio.timeout(5):
        return [await anext(subscription) for _ in range(count)]


async def until_lost(bus: Bus) -> None:
    while True:
        await bus.publish("a", {"n": 1})
        try:
            await bus.check()
        except TemporaryError:
            return


async def test_events_arrive_in_order_at_those_who_listen(bus: Bus) -> None:
    await bus.publish("jobs.early", {"n": -1})
    async with bus.subscribe("jobs.a") as one, bus.subscribe("jobs.*", "system") as many, bus.subscribe("*") as every:
        for number in range(50):
            await bus.publish("jobs.a", {"n": number, "text": "ü\u2028"})
        await bus.publish("jobs.b", {})
        await bus.publish("system", {"x": [None, 1.5]})
        assert [event.data["n"] for event in await take(one, 50)] == list(range(50))
        assert [event.channel for event in await take(many, 52)] == ["jobs.a"] * 50 + ["jobs.b", "system"]
        assert (await take(every, 52))[-1] == Event("system", {"x": [None, 1.5]})
        assert one.take() is None


async def test_two_listeners_share_nothing(bus: Bus) -> None:
    data = {"list": [1]}
    async with bus.subscribe("a") as first, bus.subscribe("a") as second:
        await bus.publish("a", data)
        data["list"].append(2)
        assert [dict(event.data) for event in await take(first, 1) + await take(second, 1)] == [{"list": [1]}] * 2


async def test_a_slow_listener_loses_the_oldest_and_is_told(bus: Bus) -> None:
    async with bus.subscribe("a", limit=3) as slow, bus.subscribe("a") as quick:
        for number in range(10):
            await bus.publish("a", {"n": number})
        await take(quick, 10)
        events = await take(slow, 3)
        assert [event.data["n"] for event in events] == [7, 8, 9]
        assert [event.lost for event in events] == [7, 0, 0]
        assert slow.dropped == 7


async def test_who_has_left_gets_nothing_and_may_come_back(bus: Bus) -> None:
    async with bus.subscribe("a") as gone:
        pass
    async with bus.subscribe("a") as first:
        async with bus.subscribe("a"):
            pass
        await bus.publish("a", {"n": 1})
        assert (await take(first, 1))[0].data == {"n": 1}
    assert gone.take() is None


async def test_many_join_at_once(bus: Bus) -> None:
    async with AsyncExitStack() as stack:
        joined = await asyncio.gather(*(stack.enter_async_context(bus.subscribe("a", f"b.{n}")) for n in range(20)))
        await bus.publish("a", {})
        for subscription in joined:
            assert (await take(subscription, 1))[0].channel == "a"


async def test_closing_ends_the_iteration_after_what_waits(bus: Bus) -> None:
    async with bus.subscribe("a") as subscription:
        await bus.publish("a", {"n": 1})
        first = await take(subscription, 1)
        await bus.close()
        async with asyncio.timeout(5):
            assert [event async for event in subscription] == []
        assert len(first) == 1
    await bus.close()


@pytest.mark.parametrize("channel", ["", "A", "a..b", "a b", "a.*", "*", "resync", "a\n", "a:b"])
async def test_a_malformed_channel_is_refused(bus: Bus, channel: str) -> None:
    with pytest.raises(ValueError, match="channel"):
        await bus.publish(channel, {})


@pytest.mark.parametrize("pattern", ["", "a*", "*.a", "a.*.b", "[a]", "a?"])
async def test_a_malformed_pattern_is_refused(bus: Bus, pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        async with bus.subscribe(pattern):
            pass


async def test_data_must_be_json(bus: Bus) -> None:
    with pytest.raises(TypeError):
        await bus.publish("a", {"x": object()})


async def test_processes_on_one_redis_hear_each_other_and_prefixes_do_not(redis: RedisServer) -> None:
    async with (
        open_bus(redis.url) as here,
        open_bus(redis.url) as there,
        open_bus(redis.url, prefix="other") as other,
        here.subscribe("*") as near,
        there.subscribe("a.*") as far,
        other.subscribe("*") as apart,
    ):
        await here.publish("a.b", {"n": 1})
        assert await take(near, 1) == await take(far, 1) == [Event("a.b", {"n": 1})]
        await other.publish("a.c", {})
        assert (await take(apart, 1))[0].channel == "a.c"
        assert near.take() is None


async def test_a_lost_redis_is_told_and_comes_back(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as redis:
        async with open_bus(redis.url) as bus, bus.subscribe("a") as subscription:
            await bus.check()
            redis.stop()
            async with asyncio.timeout(5):
                await until_lost(bus)
            local = await take(subscription, 1)
            assert local[0].data == {"n": 1}
            redis.start()
            async with asyncio.timeout(10):
                while (await anext(subscription)).channel != RESYNC:
                    pass
            await bus.publish("a", {"n": 2})
            assert (await take(subscription, 1))[0].data == {"n": 2}
            await bus.check()


async def test_a_redis_that_is_not_there_is_named_without_its_password(tmp_path: Path) -> None:
    port = free_port()
    with pytest.raises(TemporaryError) as caught:
        async with asyncio.timeout(2), open_bus(f"redis://:{PASSWORD}@127.0.0.1:{port}/0"):
            pass
    assert caught.value.code == "events.unreachable"
    assert caught.value.params["place"] == f"127.0.0.1:{port}"
    assert PASSWORD not in f"{caught.value}{caught.value.params}"


async def test_a_wrong_password_is_unreachable(redis: RedisServer) -> None:
    with pytest.raises(TemporaryError, match=r"events\.unreachable"):
        async with open_bus(redis.url.replace(PASSWORD, "wrong")):
            pass
