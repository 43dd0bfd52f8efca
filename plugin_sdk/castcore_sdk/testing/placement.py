"""The conformance suite for placements."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, ClassVar

from castcore_sdk.config import parse_config
from castcore_sdk.encoder import HardwareInfo
from castcore_sdk.errors import CastCoreError, TemporaryError
from castcore_sdk.placement import Link, Needs, Placement
from castcore_sdk.testing.comparison import same_bytes
from castcore_sdk.testing.context import MemoryContext
from castcore_sdk.testing.extension import CANARY, ExtensionConformance
from castcore_sdk.testing.patience import running, unblocked
from castcore_sdk.testing.wording import no_secret, told

JOB = "conformance-1"
_LETTER = bytes(range(256)) * 400
"""100 KiB: more than fits into any buffer on the way."""


class PlacementConformance(ExtensionConformance):
    """Inherit it, set ``extension`` and ``config``, and override ``place``.

    The runners of the place send back every byte they are sent (as ``cat`` does): the suite has no real ones.
    """

    extension: ClassVar[type[Placement[Any]]]
    """The placement under test."""
    unreachable: Mapping[str, Any] = MappingProxyType({})
    """What differs in ``config`` where the place is out of reach; empty: that cannot happen."""

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Mapping[str, Any]]:
        """Start an empty place, and give what differs in ``config`` to reach it; end its runners afterwards."""
        yield {}

    def test_hardware_is_described(self) -> None:
        """It names at least one machine, each with its cores."""

        async def run(placement: Placement[Any], context: MemoryContext) -> None:
            machines = await unblocked(placement.hardware)
            assert machines, "no machine"
            for machine in machines:
                assert isinstance(machine, HardwareInfo), machine
                assert machine.cpu_count >= 1, machine

        self._with(run)

    def test_a_link_carries_bytes_both_ways(self) -> None:
        """What is written arrives whole and in order; closing twice is no error."""

        async def run(placement: Placement[Any], context: MemoryContext) -> None:
            link = await unblocked(lambda: placement.launch(JOB, Needs()))
            assert isinstance(link, Link), link
            assert link.reference, "the reference is empty"
            await _echo(link)
            await link.close()
            await link.close()

        self._with(run)

    def test_a_job_has_one_runner(self) -> None:
        """A second launch for a job that runs is refused with a CastCoreError, or leads to the same runner."""

        async def run(placement: Placement[Any], context: MemoryContext) -> None:
            first = await placement.launch(JOB, Needs())
            try:
                second = await placement.launch(JOB, Needs())
            except CastCoreError:
                pass
            else:
                assert second.reference == first.reference, "two runners for one job"
                await second.close()
            other = await placement.launch(f"{JOB}-other", Needs())
            assert other.reference != first.reference, "two jobs share a runner"
            await other.close()
            await first.close()

        self._with(run)

    def test_a_runner_is_found_again(self) -> None:
        """After core's end its successor attaches by the reference, and the same runner is still there."""

        async def run(placement: Placement[Any], context: MemoryContext) -> None:
            link = await placement.launch(JOB, Needs())
            await link.close()
            again = await unblocked(lambda: placement.attach(link.reference))
            assert again is not None, "the runner is gone although only the link was closed"
            assert again.reference == link.reference
            await _echo(again)
            await again.close()

        self._with(run)

    def test_an_unknown_reference_is_none(self) -> None:
        """A runner that is gone is no error."""

        async def run(placement: Placement[Any], context: MemoryContext) -> None:
            for reference in (f"unknown-{CANARY}", "", "\n", "x" * 5000):
                assert await placement.attach(reference) is None, f"attach({reference[:20]!r})"

        self._with(run)

    def test_no_secret_is_in_sight(self) -> None:
        """No secret of the configuration is in references, logs or events."""

        async def run(placement: Placement[Any], context: MemoryContext) -> None:
            link = await placement.launch(JOB, Needs())
            await link.close()
            shown = [link.reference, repr(link), *context.lines, *map(repr, context.events)]
            no_secret(self.secrets(), shown, "what is shown")

        self._with(run)

    def test_a_place_out_of_reach_is_temporary(self) -> None:
        """With ``unreachable`` every call ends in a TemporaryError: core tries again."""

        async def run() -> None:
            async with MemoryContext() as context:
                config = parse_config(self.extension.config_model, {**self.config, **self.unreachable})
                placement = self.extension(config, context)
                calls: Mapping[str, Callable[[], Awaitable[object]]] = {
                    "hardware": placement.hardware,
                    "launch": lambda: placement.launch(JOB, Needs()),
                    "attach": lambda: placement.attach("1"),
                }
                for name, call in calls.items():
                    try:
                        await call()
                    except TemporaryError as error:
                        no_secret(self.secrets(), [*told(error), *context.lines], f"{name} of a place out of reach")
                        continue
                    raise AssertionError(f"{name} raised no TemporaryError")
                await placement.close()

        if self.unreachable:
            running(run())

    def _with(self, run: Callable[[Any, MemoryContext], Awaitable[None]]) -> None:
        async def main() -> None:
            async with self.place() as reached, MemoryContext(transport=self.transport()) as context:
                config = parse_config(self.extension.config_model, {**self.config, **reached})
                placement = self.extension(config, context)
                try:
                    await placement.start()
                    await run(placement, context)
                finally:
                    await placement.close()

        running(main())


async def _echo(link: Link) -> None:
    """Send more than buffers hold, and read all of it back."""
    async with asyncio.timeout(10):
        writing = asyncio.create_task(link.write(_LETTER))
        received = b""
        while len(received) < len(_LETTER):
            part = await link.read(65536)
            assert part, f"the link ended after {len(received)} bytes"
            assert len(part) <= 65536, "read gave more than its limit"
            received += part
        await writing
    same_bytes(received, _LETTER, "what came back")
