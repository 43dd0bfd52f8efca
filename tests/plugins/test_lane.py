"""The way into a plugin: limits, parallelism, circuit breaker, errors."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from datetime import timedelta

import pytest

from castcore_core.plugins.breadcrumb import Trail
from castcore_core.plugins.guard import Guard
from castcore_core.plugins.lane import GuardLimits
from castcore_sdk import CastCoreError, ConfigurationError, TemporaryError

SECRET = "pa/ss word#1"


def guard(**limits: float) -> Guard:
    return Guard(Trail(), GuardLimits(**{"default": 2.0, "grace": 0.05, "failures": 3, "pause": 0.1} | limits))


async def code_of(awaitable) -> str:
    with pytest.raises(CastCoreError) as caught:
        await awaitable
    return caught.value.code


async def test_an_answer_comes_through_with_its_arguments() -> None:
    async def add(a: int, *, b: int) -> int:
        await asyncio.sleep(0)
        return a + b

    lane = guard().lane("p", "e")
    assert await lane.call(add, 1, b=2) == 3
    assert lane.call_sync(lambda x: x * 2, 4) == 8


async def test_a_call_that_swallows_cancellation_is_answered_at_its_limit_named_and_ended() -> None:
    keeper = guard()
    ended = asyncio.Event()

    async def stubborn() -> None:
        try:
            while True:
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(3600)
        finally:
            ended.set()

    lane = keeper.lane("p", "e", timeouts={"stubborn": timedelta(seconds=0.1)})
    began = time.monotonic()
    with pytest.raises(TemporaryError) as caught:
        await lane.call(stubborn)
    assert time.monotonic() - began < 0.3
    assert caught.value.code == "plugins.call_timeout"
    assert caught.value.params == {"plugin": "p", "extension": "e", "method": "stubborn", "seconds": 0.1}
    assert [orphan.crumb.method for orphan in keeper.orphans] == ["stubborn"]
    await asyncio.wait_for(ended.wait(), 2)
    assert keeper.orphans == ()


async def test_the_hosts_own_cancellation_comes_through_at_once() -> None:
    keeper = guard(grace=0.1)
    started, cleaned = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.sleep(3600)
        finally:
            cleaned.set()

    task = asyncio.create_task(keeper.lane("p", "e").call(work))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(cleaned.wait(), 1)


@pytest.mark.parametrize(
    "error", [SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError(), GeneratorExit(), ValueError("x")]
)
async def test_whatever_a_plugin_raises_becomes_a_coded_error(error: BaseException) -> None:
    async def fail() -> None:
        await asyncio.sleep(0)
        raise error

    def fail_now() -> None:
        raise error

    lane = guard(failures=10).lane("p", "e")
    for attempt in (lane.call(fail), lane.call(fail_now)):
        with pytest.raises(TemporaryError) as caught:
            await attempt
        assert caught.value.code == "plugins.call_failed"
        assert caught.value.params["error"] == type(error).__name__
    with pytest.raises(TemporaryError):
        lane.call_sync(fail_now)


async def test_a_method_that_is_not_asynchronous_is_an_error_of_the_plugin() -> None:
    lane = guard().lane("p", "e")
    with pytest.raises(TemporaryError) as caught:
        await lane.call(lambda: 5)
    assert caught.value.code == "plugins.call_failed"


@pytest.mark.parametrize("text", [SECRET, "pa%2Fss%20word%231", "pa%2Fss+word%231", repr(SECRET)])
async def test_errors_hold_no_secret(text: str) -> None:
    async def unexpected() -> None:
        raise RuntimeError(f"at {text} end")

    async def own() -> None:
        try:
            raise RuntimeError(f"at {text} end")
        except RuntimeError as error:
            raise TemporaryError("x.y", params={"url": f"rtmp://{text}"}) from error

    lane = guard().lane("p", "e", secrets=[SECRET])
    for method in (unexpected, own):
        with pytest.raises(TemporaryError) as caught:
            await lane.call(method)
        error = caught.value
        shown = f"{error!r} {error} {error.detail} {error.params} {error.__cause__!r} {error.__context__!r}"
        assert "pa/ss" not in shown
        assert "pa%2F" not in shown
        assert "at •••• end" in error.detail.replace("'", "")


async def test_the_circuit_opens_after_failures_and_closes_after_a_success() -> None:
    working = False

    async def flaky() -> str:
        if not working:
            raise TemporaryError("x.down")
        return "up"

    lane = guard().lane("p", "e")
    assert [await code_of(lane.call(flaky)) for _ in range(4)] == ["x.down"] * 3 + ["plugins.circuit_open"]
    with pytest.raises(TemporaryError) as caught:
        lane.call_sync(lambda: 1)
    assert caught.value.retry_after is not None
    assert timedelta(0) < caught.value.retry_after <= timedelta(seconds=0.1)
    await asyncio.sleep(0.11)
    assert await code_of(lane.call(flaky)) == "x.down"
    assert await code_of(lane.call(flaky)) == "plugins.circuit_open"
    await asyncio.sleep(0.11)
    working = True
    assert [await lane.call(flaky) for _ in range(5)] == ["up"] * 5


async def test_a_half_open_circuit_lets_one_call_through() -> None:
    gate = asyncio.Event()

    async def fail() -> None:
        raise OSError

    async def slow() -> str:
        await gate.wait()
        return "up"

    lane = guard().lane("p", "e")
    for _ in range(3):
        await code_of(lane.call(fail))
    await asyncio.sleep(0.11)
    first = asyncio.create_task(lane.call(slow))
    await asyncio.sleep(0)
    assert await code_of(lane.call(slow)) == "plugins.circuit_open"
    gate.set()
    assert await first == "up"


async def test_a_wrong_configuration_does_not_open_the_circuit() -> None:
    async def refuse() -> None:
        raise ConfigurationError("x.key_missing", field="key")

    lane = guard().lane("p", "e")
    assert {await code_of(lane.call(refuse)) for _ in range(10)} == {"x.key_missing"}


async def test_the_circuit_of_one_configuration_leaves_the_others_alone() -> None:
    async def fail() -> None:
        raise OSError

    keeper = guard()
    broken, working = keeper.lane("p", "e"), keeper.lane("p", "e")
    for _ in range(3):
        await code_of(broken.call(fail))
    assert working.call_sync(lambda: 1) == 1


async def test_calls_beyond_the_allowed_number_wait_and_then_are_refused() -> None:
    gate = asyncio.Event()
    running = most = 0

    async def work() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await gate.wait()
        running -= 1

    lane = guard(waiting=2).lane("p", "e", parallel=2, timeouts={"quick": timedelta(seconds=0.05)})
    tasks = [asyncio.create_task(lane.call(work)) for _ in range(3)]
    await asyncio.sleep(0)

    async def quick() -> None: ...

    assert await code_of(lane.call(quick)) == "plugins.too_busy"
    tasks.append(asyncio.create_task(lane.call(work)))
    await asyncio.sleep(0)
    assert await code_of(lane.call(work)) == "plugins.too_busy"
    gate.set()
    await asyncio.gather(*tasks)
    assert most == 2


async def test_an_orphan_keeps_its_place_until_it_ends() -> None:
    async def stubborn() -> None:
        while True:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(3600)

    async def quick() -> int:
        return 1

    limits = {name: timedelta(seconds=0.05) for name in ("stubborn", "quick")}
    lane = guard(grace=0.2).lane("p", "e", parallel=1, timeouts=limits)
    assert await code_of(lane.call(stubborn)) == "plugins.call_timeout"
    assert await code_of(lane.call(quick)) == "plugins.too_busy"
    await asyncio.sleep(0.25)
    assert await lane.call(quick) == 1


async def test_iterating_is_limited_item_by_item_and_closes_what_it_leaves() -> None:
    closed = asyncio.Event()

    async def numbers():
        try:
            for number in range(10):
                await asyncio.sleep(0)
                yield number
        finally:
            closed.set()

    async def stuck():
        yield 1
        await asyncio.sleep(3600)

    lane = guard().lane("p", "e", timeouts={"stuck": timedelta(seconds=0.05)})
    assert [number async for number in lane.iterate(numbers)] == list(range(10))
    closed.clear()
    some = lane.iterate(numbers)
    assert await anext(some) == 0
    await some.aclose()
    assert closed.is_set()
    some = lane.iterate(stuck)
    assert await anext(some) == 1
    assert await code_of(anext(some)) == "plugins.call_timeout"


async def test_blocking_code_runs_in_few_threads_of_the_plugin() -> None:
    keeper = guard(threads=2, waiting=1)
    gate = threading.Event()
    threads = set()

    def block() -> None:
        threads.add(threading.current_thread())
        gate.wait(5)

    pool = keeper.pool("p")
    tasks = [asyncio.create_task(pool.run(block)) for _ in range(3)]
    await asyncio.sleep(0)
    assert await code_of(pool.run(block)) == "plugins.too_busy"
    assert await keeper.pool("q").run(lambda: "other") == "other"
    gate.set()
    await asyncio.gather(*tasks)
    assert len(threads) == 2
    assert all(thread.daemon and "castcore-plugin-p" in thread.name for thread in threads)
    for error in (SystemExit(1), StopIteration(), ValueError("x")):

        def fail(error: BaseException = error) -> None:
            raise error

        with pytest.raises(RuntimeError if isinstance(error, StopIteration) else type(error)):
            await pool.run(fail)
    await keeper.aclose()
    assert await code_of(pool.run(block)) == "plugins.too_busy"
    for thread in threads:
        thread.join(2)
        assert not thread.is_alive()


async def test_a_long_call_has_its_limit_for_its_own_time_alone() -> None:
    call = guard().lane("p", "e", timeouts={"read": timedelta(seconds=0.1)}).long_call("read")

    async def read() -> int:
        for _ in range(3):
            async with call.idle():
                await asyncio.sleep(0.15)
        return 7

    assert await call.run(read) == 7


async def test_a_long_call_that_hangs_is_answered_at_its_limit() -> None:
    keeper = guard()
    call = keeper.lane("p", "e", timeouts={"read": timedelta(seconds=0.1)}).long_call("read")

    async def read() -> None:
        async with call.idle():
            await asyncio.sleep(0.05)
        await asyncio.Event().wait()

    began = time.monotonic()
    assert await code_of(call.run(read)) == "plugins.call_timeout"
    assert time.monotonic() - began < 0.4


async def test_a_long_call_gives_its_place_back_while_it_waits_for_the_caller() -> None:
    lane = guard().lane("p", "e", parallel=1)
    call, go_on = lane.long_call("read"), asyncio.Event()

    async def read() -> str:
        async with call.idle():
            await go_on.wait()
        raise ConfigurationError("p.wrong")

    async def stat() -> int:
        return 5

    running = asyncio.create_task(call.run(read))
    await asyncio.sleep(0)
    assert await lane.call(stat) == 5
    go_on.set()
    assert await code_of(running) == "p.wrong"
    assert await lane.call(stat) == 5
