"""The suite for placements finds what it says it finds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from castcore_sdk import (
    ConfigurationError,
    ExtensionConfig,
    HardwareInfo,
    Link,
    Needs,
    Placement,
    Secret,
    TemporaryError,
)
from castcore_sdk.testing import PlacementConformance

KEY = "key-0123456789"
RUNNERS: dict[str, asyncio.StreamReader] = {}


class FarmConfig(ExtensionConfig):
    """A farm."""

    key: Secret
    """Its key."""
    open: bool = True
    """Whether it can be reached."""


class Pipe(Link):
    def __init__(self, reference: str) -> None:
        self.reference = reference

    async def read(self, limit: int, /) -> bytes:
        return await RUNNERS[self.reference].read(limit)

    async def write(self, data: bytes, /) -> None:
        RUNNERS[self.reference].feed_data(data)

    async def close(self) -> None:
        pass


class Farm(Placement[FarmConfig]):
    id = "farm"

    async def hardware(self) -> Sequence[HardwareInfo]:
        self.reach()
        return (HardwareInfo(cpu_count=2),)

    async def launch(self, job_id: str, needs: Needs, /) -> Link:
        self.reach()
        RUNNERS.setdefault(job_id, asyncio.StreamReader())
        return Pipe(job_id)

    async def attach(self, reference: str, /) -> Link | None:
        self.reach()
        return Pipe(reference) if reference in RUNNERS else None

    def reach(self) -> None:
        if not self.config.open:
            raise TemporaryError("config.missing")


class Suite(PlacementConformance):
    extension = Farm
    config = {"key": KEY}  # noqa: RUF012
    unreachable = {"open": False}  # noqa: RUF012

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Mapping[str, Any]]:
        RUNNERS.clear()
        yield {}


class TestFarm(Suite):
    """A good placement passes."""


class Nothing(Farm):
    async def hardware(self) -> Sequence[HardwareInfo]:
        return ()


class Lossy(Farm):
    async def launch(self, job_id: str, needs: Needs, /) -> Link:
        class Dropping(Pipe):
            async def write(self, data: bytes, /) -> None:
                await super().write(b"\0" * len(data))

        await super().launch(job_id, needs)
        return Dropping(job_id)


class Greedy(Farm):
    count = 0

    async def launch(self, job_id: str, needs: Needs, /) -> Link:
        type(self).count += 1
        return await super().launch(f"{job_id}-{self.count}", needs)


class Shared(Farm):
    async def launch(self, job_id: str, needs: Needs, /) -> Link:
        return await super().launch("one", needs)


class Killing(Farm):
    async def launch(self, job_id: str, needs: Needs, /) -> Link:
        class Ending(Pipe):
            async def close(self) -> None:
                RUNNERS.pop(self.reference, None)

        await super().launch(job_id, needs)
        return Ending(job_id)


class Strict(Farm):
    async def attach(self, reference: str, /) -> Link | None:
        return Pipe(reference) if RUNNERS[reference] else None


class Talking(Farm):
    async def launch(self, job_id: str, needs: Needs, /) -> Link:
        return await super().launch(f"{job_id}?{KEY}", needs)


class Final(Farm):
    def reach(self) -> None:
        if not self.config.open:
            raise ConfigurationError("config.missing")


@pytest.mark.parametrize(
    ("bad", "check"),
    [
        (Nothing, "test_hardware_is_described"),
        (Lossy, "test_a_link_carries_bytes_both_ways"),
        (Greedy, "test_a_job_has_one_runner"),
        (Shared, "test_a_job_has_one_runner"),
        (Killing, "test_a_runner_is_found_again"),
        (Strict, "test_an_unknown_reference_is_none"),
        (Talking, "test_no_secret_is_in_sight"),
        (Final, "test_a_place_out_of_reach_is_temporary"),
    ],
)
def test_each_fault_is_found(bad: type[Farm], check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")  # pytest then compares without limits, and a failing check still has to end
    suite = type("BadSuite", (Suite,), {"extension": bad})()
    with pytest.raises((AssertionError, KeyError, ConfigurationError)):
        getattr(suite, check)()
