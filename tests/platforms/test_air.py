"""On air: what the platform says is shown, and a broadcast that is over or gets too long is followed by another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from castcore_core.accounts.role import Role
from castcore_core.db import utc_now
from castcore_core.destinations.service import Destinations
from castcore_core.engine.schemas import OutputStatus
from castcore_core.settings import Settings
from castcore_core.streams.broadcast import Broadcasts
from castcore_core.streams.models import JobOutput
from castcore_core.streams.schemas import JobCreation
from castcore_core.streams.service import Jobs
from castcore_sdk import StreamLimits
from engine.scene import PATTERN, House, end_runners, house
from platforms.scene import Stage, until
from runner.scene import Sink
from servers.nginx import NginxRtmp
from servers.platform import TYPE, Control, register


class Short(Stage):
    limits = StreamLimits(max_duration=timedelta(seconds=6))


class Long(Stage):
    limits = StreamLimits(max_duration=timedelta(hours=12))


@dataclass
class Air:
    """A job with two outputs: the platform, and a plain one that nothing may touch."""

    home: House
    control: Control
    job: UUID

    @property
    def broadcasts(self) -> Broadcasts:
        return self.home.core.get(Broadcasts)

    async def row(self) -> JobOutput:
        return await JobOutput.get(job_id=self.job, destination__type=TYPE).prefetch_related("destination")

    def stage(self) -> OutputStatus:
        return next(each for each in self.home.status(self.job).outputs if each.type == TYPE)

    async def verdict(self, code: str, phase: str) -> OutputStatus:
        def fits(output: OutputStatus) -> bool:
            return bool(
                output.type == TYPE and output.verdict and (output.verdict.code, output.verdict.phase) == (code, phase)
            )

        status = await self.home.until(self.job, lambda one: any(map(fits, one.outputs)))
        return next(filter(fits, status.outputs))

    async def reach(self) -> None:
        """Start, and wait until both outputs are served."""
        await self.home.commands.start(self.job)
        await self.home.until(self.job, lambda one: [each.state for each in one.outputs] == ["running", "running"], 30)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "control").mkdir()
    yield tmp_path / "data"
    end_runners(tmp_path)


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with Sink() as server:
        yield server


@asynccontextmanager
async def air(data: Path, url: str, kind: type[Stage] = Stage, job: UUID | None = None) -> AsyncIterator[Air]:
    """Open a core; with ``job`` on one that an earlier life has made."""
    control = Control(data.parent / "control")
    async with house(data) as home:
        register(home.core, kind)
        yield Air(home, control, job or await _job(home, control, url))


async def _job(home: House, control: Control, url: str) -> UUID:
    config = {"url": url, "control": str(control.folder)}
    stage = await home.core.get(Destinations).create("Platform", TYPE, config, Role.ADMIN)
    plain = await home.destination("plain", url)
    outputs = [{"destination_id": each} for each in (stage.id, plain)]
    wanted = JobCreation.model_validate({"name": "show", "source": PATTERN, "outputs": outputs})
    return (await Jobs(home.core).create(wanted, Role.ADMIN))[0]


def _key(reference: str) -> str:
    return reference.replace(".", "-")


async def test_what_the_platform_says_is_shown_and_told(data: Path, sink: Sink) -> None:
    async with air(data, sink.url) as show:
        show.control.say(phase="ready")
        async with show.home.core.bus.subscribe("streams.verdict.*") as events:
            await show.reach()
            ready = await show.verdict("platforms.ready", "ready")
            assert ready.verdict is not None
            assert ready.verdict.severity == "ok"
            assert (await anext(events)).data["phase"] == "ready"
            show.control.say(phase="live", viewers=12, watch_url="https://watch.example/1")
            live = (await show.verdict("platforms.live", "live")).verdict
            assert live is not None
            assert (live.viewers, live.watch_url, live.issues) == (12, "https://watch.example/1", [])
            told = (await anext(events)).data
            assert (told["before"], told["phase"], told["name"], told["job"]) == ("ready", "live", "Platform", "show")
        issues = [["stageplatform.low", "warning"], ["stageplatform.bad", "error"], ["stageplatform.fine", "ok"]]
        show.control.say(issues=issues)
        bad = (await show.verdict("stageplatform.bad", "live")).verdict
        assert bad is not None
        assert (bad.severity, [each.code for each in bad.issues]) == (
            "error",
            ["stageplatform.bad", "stageplatform.low"],
        )
        status = show.home.status(show.job)
        assert [(each.code, each.weight) for each in status.health.findings] == [("health.platform_error", 20)]
        assert [each.verdict for each in status.outputs if each.type == "rtmp"] == [None]
        show.control.say(issues=[], phase="rejected")
        await show.verdict("platforms.rejected", "rejected")
        assert show.home.status(show.job).state == "running", "what is sent goes on"
        assert (await show.row()).rollovers == 0
        await show.home.commands.stop(show.job)
        await show.home.reach(show.job, "stopped")


async def test_a_platform_that_is_busy_is_asked_when_it_says(data: Path, sink: Sink) -> None:
    async with air(data, sink.url) as show:
        show.control.say(refuse="status", error="temporary", retry_after=3600)
        await show.reach()
        unknown = (await show.verdict("stageplatform.busy", "unknown")).verdict
        assert unknown is not None
        assert unknown.severity == "warning"
        assert len(show.control.heard("status")) == 1
        await asyncio.sleep(1.0)
        assert len(show.control.heard("status")) == 1
        assert show.home.status(show.job).health.score == 100, "not to know is no fault of the stream"


async def test_a_broadcast_that_was_ended_there_is_followed_by_another(data: Path, sink: Sink) -> None:
    async with air(data, sink.url) as show:
        await show.reach()
        first = (await show.row()).broadcast
        assert first is not None
        show.control.say(phases={first: "ended"})
        await sink.playing(_key(f"{first}.1"), 5)
        row = await show.row()
        assert (row.broadcast, row.rollovers) == (f"{first}.1", 1)
        await show.verdict("platforms.live", "live")

        async def closed() -> bool:
            return [each["id"] for each in show.control.heard("close")] == [first]

        await until(closed, 15)
        assert (await show.row()).retired is None
        assert len(sink.of("plain")) == 1, "the other output went on"
        assert show.home.status(show.job).reconnects == 0


async def test_an_admin_may_forbid_that(data: Path, sink: Sink) -> None:
    async with air(data, sink.url) as show:
        await show.home.core.get(Settings).change({"reopen_broadcasts": False})
        await show.reach()
        show.control.say(phase="ended")
        await show.verdict("platforms.ended", "ended")
        asked = len(show.control.heard("status"))

        async def asked_again() -> bool:
            return len(show.control.heard("status")) > asked + 3

        await until(asked_again)
        assert (await show.row()).rollovers == 0
        assert [each.code for each in show.home.status(show.job).health.findings] == ["health.platform_refuses"]


async def test_a_platform_that_ends_every_broadcast_is_not_asked_for_ever(data: Path, sink: Sink) -> None:
    async with air(data, sink.url) as show:
        await show.reach()
        show.control.say(phase="ended")

        async def reopened() -> bool:
            return (await show.row()).rollovers == 1

        await until(reopened)
        await sink.playing(_key(str((await show.row()).broadcast)), 5)
        asked = len(show.control.heard("status"))

        async def asked_again() -> bool:
            return len(show.control.heard("status")) > asked + 4

        await until(asked_again)
        assert (await show.row()).rollovers <= 3


async def test_a_deleted_broadcast_counts_as_ended(data: Path, sink: Sink) -> None:
    async with air(data, sink.url) as show:
        await show.home.core.get(Settings).change({"reopen_broadcasts": False})
        await show.reach()
        show.control.say(refuse="status", error="unknown")
        await show.verdict("platforms.ended", "ended")


async def test_a_broadcast_is_handed_over_before_it_gets_too_long(data: Path, tmp_path: Path) -> None:
    nginx = NginxRtmp(tmp_path)
    with nginx:
        async with air(data, nginx.url("").rstrip("/"), Short) as show:
            await show.reach()
            first = str((await show.row()).broadcast)

            async def second() -> bool:
                return (await show.row()).rollovers >= 1

            await until(second, 15)
            opened = (await show.row()).broadcast_at
            await nginx.published(_key(f"{first}.1"))

            async def closed() -> bool:
                return first in [each["id"] for each in show.control.heard("close")]

            await until(closed, 15)
            assert opened is not None
            assert show.home.status(show.job).reconnects == 0
            assert len(nginx.publishers(_key(first))) == 1
            assert len(nginx.publishers("plain")) == 1, "the other output never noticed"
            await show.home.commands.stop(show.job)
            await show.home.reach(show.job, "stopped")
            row = await show.row()
            assert (row.broadcast, row.retired) == (None, None)
            ends = [each["id"] for each in show.control.heard("close")]
            assert len(ends) == len(set(ends)) == row.rollovers + 1, "every broadcast is closed, and once"


async def test_the_hand_over_comes_at_its_time_after_a_restart_of_the_server(data: Path, sink: Sink) -> None:
    async with air(data, sink.url, Long) as show:
        await show.reach()
        job, first = show.job, str((await show.row()).broadcast)
    await asyncio.sleep(0)
    async with air(data, sink.url, Long, job=job) as show:
        await show.home.reach(job, "running")
        await show.verdict("platforms.live", "live")
        assert (await show.row()).rollovers == 0
        # Twelve hours less the margin have passed since it was opened.
        long_ago = utc_now() - timedelta(hours=11, minutes=50)
        await JobOutput.filter(job_id=job).update(broadcast_at=long_ago)
    async with air(data, sink.url, Long, job=job) as show:
        await sink.playing(_key(f"{first}.1"), 5)
        row = await show.row()
        assert (row.rollovers, row.broadcast) == (1, f"{first}.1")
        assert len(sink.of("plain")) == 1


async def test_a_server_that_dies_after_opening_the_new_one_goes_on_with_it(data: Path, sink: Sink) -> None:
    async with air(data, sink.url, Long) as show:
        await show.reach()
        job, first = show.job, str((await show.row()).broadcast)
    async with house(data, CASTCORE_ROLE="web") as home:  # no engine: nobody sends the output there
        register(home.core, Long)
        row = await JobOutput.get(job_id=job, destination__type=TYPE)
        assert await home.core.get(Broadcasts).renew(str(row.id))
    async with air(data, sink.url, Long, job=job) as show:
        await sink.playing(_key(f"{first}.1"), 5)

        async def closed() -> bool:
            return [each["id"] for each in show.control.heard("close")] == [first]

        await until(closed, 15)
        opened = {each["id"] for each in show.control.heard("open")}
        assert opened == {first, f"{first}.1"}, "no third one"
        assert len(sink.of("plain")) == 1


async def test_where_no_new_one_can_be_had_the_old_one_goes_on(data: Path, sink: Sink) -> None:
    async with air(data, sink.url, Long) as show:
        await show.reach()
        first = str((await show.row()).broadcast)
        show.control.say(refuse="open", error="permanent")
        await JobOutput.filter(job_id=show.job).update(broadcast_at=utc_now() - timedelta(hours=12))

        async def tried() -> bool:
            log = await asyncio.to_thread(_log_of, data, show.job)
            return "platforms.rollover_failed" in log

        await until(tried, 15)
        row = await show.row()
        assert (row.broadcast, row.rollovers) == (first, 0)
        assert show.stage().state == "running"
        assert show.home.status(show.job).state == "running"


def _log_of(data: Path, job: UUID) -> str:
    return "".join(each.read_text() for each in (data / "logs").rglob("*") if each.is_file() and str(job) in str(each))
