"""From what happens to what arrives: rules, incidents, languages, floods."""

from __future__ import annotations

import asyncio
import resource
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from castcore_core.engine.board import PART, STATE, VERDICT, Board
from castcore_core.engine.schemas import JobStatus, OutputStatus
from castcore_core.events.bus import RESYNC
from castcore_core.notifications.event import HAPPENED, report
from castcore_core.notifications.flood import Flood as _Flood
from castcore_core.notifications.models import NotificationDelivery, NotificationIncident
from castcore_core.notifications.outbox import MOST_QUEUED
from castcore_core.platforms.event import ACCOUNT
from castcore_core.storage.models import StorageSource
from castcore_sdk import PermanentError
from notifications.conftest import Keep, Watching
from servers.chat import ChatServer
from servers.staff import Staff, Visitor

JOB = "0b9f6f0e-0000-4000-8000-000000000001"


class Engine:
    """Says on the bus what the engine would."""

    def __init__(self, house: Staff) -> None:
        self.bus = house.core.bus
        self.core = house.core

    async def job(self, state: str, before: str = "", **said: Any) -> None:
        data = {"job": "Morning show", "state": state, "before": before, "code": "", "params": {}, "cause": None}
        await self.bus.publish(f"{STATE}.{JOB}", data | {"waiting": False, "at": time.time()} | said)

    async def part(self, part: str, state: str, name: str = "", **said: Any) -> None:
        data = {
            "job": "Morning show",
            "part": part,
            "name": name,
            "state": state,
            "before": "",
            "code": "",
            "params": {},
        }
        await self.bus.publish(f"{PART}.{JOB}", data | {"at": time.time()} | said)

    async def report(self, event: str, subject: str = "x", **params: Any) -> None:
        await report(self.bus, event, subject, params=params)


@pytest.fixture
def engine(house: Staff) -> Engine:
    return Engine(house)


async def settled(admin: Visitor, target: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the log, the oldest first."""
    reply = await admin("GET", f"/notifications/{target['id']}/deliveries?sort=created_at&limit=500")
    return list(reply.body["items"])


async def test_an_output_that_fails_and_comes_back(
    engine: Engine, watching: Watching, keep: Keep, chat: ChatServer
) -> None:
    await keep(chat, language="de")
    async with watching():
        await engine.part("o1", "reconnecting", "Twitch", code="runner.output_stalled", params={"seconds": 10})
        (down,) = await chat.wait(1)
        await engine.part("o1", "running", "Twitch")
        _, up = await chat.wait(2)
    assert down["title"] == "CastCore: „Morning show“ erreicht Twitch nicht"
    assert "10 s lang nichts angenommen" in down["body"]
    assert (down["level"], down["params"]) == ("warning", {"job": "Morning show", "output": "Twitch"})
    assert (up["event"], up["level"], up["key"]) == ("output.up", "info", down["key"])
    assert up["id"] != down["id"]
    assert await NotificationIncident.all().count() == 0


async def test_what_a_job_goes_through(engine: Engine, watching: Watching, keep: Keep, chat: ChatServer) -> None:
    await keep(chat, min_level="info")
    async with watching():
        await engine.job("starting", "stopped")
        await engine.job("running", "starting")
        await chat.wait(1)
        await engine.job("degraded", "running")
        await engine.job("reconnecting", "degraded", code="engine.outputs_down")
        await engine.job("reconnecting", "running", code="engine.runner_gone", waiting=True)
        await chat.wait(2)
        await engine.job("starting", "reconnecting")
        await engine.job("running", "starting")
        await chat.wait(3)
        cause = {"code": "runner.encoder_failed", "params": {"times": 3}}
        params = {"attempts": 5, "reason": "runner.encoder_failed"}
        await engine.job("failed", "reconnecting", code="engine.gave_up", params=params, cause=cause)
        await chat.wait(4)
        await engine.job("stopped", "failed")
        await engine.job("running", "starting")
        await engine.job("stopped", "running", code="engine.ended")
        messages = await chat.wait(6)
    assert [message["event"] for message in messages] == [
        "job.started",
        "job.interrupted",
        "job.recovered",
        "job.gave_up",
        "job.stopped",
        "job.ended",
    ]
    assert messages[3]["params"] == {"job": "Morning show", "attempts": 5}
    assert "The encoder failed 3 times in a row." in messages[3]["body"]


async def test_a_lost_source_an_encoder_and_an_account(
    engine: Engine, watching: Watching, keep: Keep, chat: ChatServer
) -> None:
    await keep(chat)
    async with watching():
        await engine.part("source", "lost", code="runner.silent", params={"seconds": 5})
        await chat.wait(1)
        await engine.part("source", "up")
        await chat.wait(2)
        await engine.part("encoder", "fallback", "builtin.x264", before="nvenc.h264")
        await chat.wait(3)
        said = {"account": str(uuid4()), "name": "Channel 1", "type": "twitch", "code": "", "params": {}}
        await engine.bus.publish(ACCOUNT, said | {"state": "reauthentication"})
        await chat.wait(4)
        await engine.bus.publish(ACCOUNT, said | {"state": "connected"})
        await chat.wait(5)
    assert chat.heard()[2:] == [
        ("encoder.fallback", {"job": "Morning show", "encoder": "nvenc.h264", "instead": "builtin.x264"}),
        ("platform.reauthentication", {"platform": "twitch", "account": "Channel 1"}),
        ("platform.connected", {"platform": "twitch", "account": "Channel 1"}),
    ]


async def test_what_a_platform_says_and_how_a_storage_does(
    engine: Engine, watching: Watching, keep: Keep, chat: ChatServer
) -> None:
    await keep(chat)
    source = await StorageSource.create(name="NAS", type="local", config={})
    said = {"job": "Morning show", "part": "o1", "name": "YouTube", "phase": "live", "before": "ready", "params": {}}
    state = {"source": str(source.id), "at": "2026-01-01T00:00:00Z"}
    async with watching():
        for severity, code in (("warning", "youtube.bitrate_low"), ("error", "platforms.rejected"), ("ok", "")):
            told = said | {"severity": severity, "code": code, "at": time.time()}
            await engine.bus.publish(f"{VERDICT}.{JOB}", told)
        await chat.wait(3)
        await engine.bus.publish(f"storage.state.{source.id}", state | {"state": "starting", "code": ""})
        await engine.bus.publish(f"storage.state.{source.id}", state | {"state": "failing", "code": "storage.failed"})
        await chat.wait(4)
        await engine.bus.publish(f"storage.state.{source.id}", state | {"state": "mounted", "code": ""})
        await chat.wait(5)
    verdict = {"job": "Morning show", "output": "YouTube"}
    assert chat.heard() == [
        ("verdict.trouble", verdict),
        ("verdict.rejected", verdict),
        ("verdict.fine", verdict),
        ("storage.failing", {"source": "NAS"}),
        ("storage.back", {"source": "NAS"}),
    ]


async def test_everybody_is_told_by_their_own_rules(
    engine: Engine, watching: Watching, keep: Keep, chat: ChatServer, other: ChatServer
) -> None:
    await keep(chat, events=["storage.*"], min_level="info")
    await keep(other, "Errors", min_level="error")
    await keep(chat, "Off", enabled=False)
    async with watching():
        await engine.report("storage.failing", "s", source="NAS")
        await engine.report("storage.back", "s", source="NAS")
        await chat.wait(2)
        await engine.report("disk.full", "data", folder="/data", free="0.1 GiB")
        await other.wait(1)
        await engine.report("disk.enough", "data", folder="/data", free="9.0 GiB")
        await other.wait(2)
    assert [event for event, _ in chat.heard()] == ["storage.failing", "storage.back"]
    # It was told of the incident, so it is told of its end, although that is no error.
    assert [event for event, _ in other.heard()] == ["disk.full", "disk.enough"]


async def test_rules_that_change_count_at_once(
    engine: Engine, admin: Visitor, watching: Watching, keep: Keep, chat: ChatServer
) -> None:
    async with watching():
        made = await keep(chat)
        await engine.report("storage.failing", "1", source="one")
        await chat.wait(1)
        await admin("PATCH", f"/notifications/{made['id']}", {"events": ["job.*"]})
        await engine.report("storage.failing", "2", source="two")
        await admin("PATCH", f"/notifications/{made['id']}", {"events": ["*"]})
        await engine.report("storage.failing", "3", source="three")
        await chat.wait(2)
        await admin("DELETE", f"/notifications/{made['id']}")
        await keep(chat, "New")
        await engine.report("storage.failing", "4", source="four")
        await chat.wait(3)
    assert [params["source"] for _, params in chat.heard()] == ["one", "three", "four"]


async def test_an_incident_survives_a_restart(engine: Engine, watching: Watching, keep: Keep, chat: ChatServer) -> None:
    await keep(chat)
    async with watching():
        await engine.report("storage.failing", "s", source="NAS")
        await chat.wait(1)
    async with watching():
        await engine.report("storage.failing", "s", source="NAS")
        await engine.report("storage.back", "s", source="NAS")
        begin, end = await chat.wait(2)
    assert begin["key"] == end["key"]
    assert end["event"] == "storage.back"


async def test_after_lost_events_the_board_tells_the_truth(
    engine: Engine, watching: Watching, keep: Keep, chat: ChatServer
) -> None:
    await keep(chat)
    down = OutputStatus(id="o1", name="Twitch", state="reconnecting", since=time.time(), code="runner.output_ended")
    old = JobStatus(job_id=str(uuid4()), name="Old", state="failed", since=time.time() - 100, code="x.y")
    board = engine.core.get(Board)
    board.remember(JobStatus(job_id=JOB, name="Morning show", desired="running", state="degraded", outputs=[down]))
    board.remember(old)
    async with watching():
        await chat.wait(1)
        board.remember(
            JobStatus(
                job_id=JOB,
                name="Morning show",
                desired="running",
                state="running",
                outputs=[down.model_copy(update={"state": "running"})],
            )
        )
        getattr(engine.bus, "_local", engine.bus).hand_out(RESYNC, "{}")
        await chat.wait(2)
    # The job that failed long ago is nothing new.
    assert [event for event, _ in chat.heard()] == ["output.down", "output.up"]


async def test_in_quiet_hours_messages_wait_but_for_errors(
    engine: Engine, admin: Visitor, watching: Watching, keep: Keep, chat: ChatServer
) -> None:
    now = datetime.now(UTC)
    hours = {
        "from": (now - timedelta(hours=1)).strftime("%H:%M"),
        "to": (now + timedelta(hours=1)).strftime("%H:%M"),
        "timezone": "UTC",
    }
    target = await keep(chat, quiet_hours=hours)
    async with watching():
        await engine.report("storage.failing", "s", source="NAS")
        await engine.report("storage.failing", "t", source="Other")
        await engine.report("plugin.quarantined", "plugin:x", plugin="x")
        await chat.wait(1)
        await engine.report("storage.back", "s", source="NAS")
        while (log := await settled(admin, target))[-1]["event"] != "storage.back":
            await asyncio.sleep(0.01)
        assert [event for event, _ in chat.heard()] == ["plugin.quarantined"]
        assert [(each["event"], each["state"], each["code"]) for each in log] == [
            ("storage.failing", "dropped", "notifications.superseded"),
            ("storage.failing", "queued", ""),
            ("plugin.quarantined", "sent", ""),
            ("storage.back", "queued", ""),
        ]
        due = datetime.fromisoformat(log[1]["next_attempt"])
        assert due == (now + timedelta(hours=1)).replace(second=0, microsecond=0)
        # The quiet hours end.
        await NotificationDelivery.filter(state="queued").update(next_attempt=now)
        await engine.report("job.failed", "j", job="X")
        await chat.wait(4)
    told = [event for event, _ in chat.heard()]
    assert told == ["plugin.quarantined", "storage.failing", "storage.back", "job.failed"]


async def test_a_flood_of_ten_thousand_events(
    engine: Engine, admin: Visitor, watching: Watching, keep: Keep, chat: ChatServer
) -> None:
    target = await keep(chat, min_level="info")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with watching(settle=60.0):
        for number in range(10_000):
            await engine.report("job.started", f"j{number}", job=f"Job {number}")
            if number % 500 == 0:
                await asyncio.sleep(0)
        # Errors have room of their own, and the flapping output is one message.
        for _ in range(2_000):
            await engine.part("o1", "failed", "Twitch")
            await engine.part("o1", "running", "Twitch")
        await engine.job("failed", "running", code="engine.runner_gone")
        await chat.until(lambda: any(event == "job.failed" for event, _ in chat.heard()))
        log = await settled(admin, target)
    assert len(log) < MOST_QUEUED
    counted = [each["event"] for each in log]
    assert counted.count("output.refused") == 1
    assert counted.count("job.started") <= 25
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) < 64 << 10


async def test_what_was_left_out_is_told(
    engine: Engine, watching: Watching, keep: Keep, chat: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("castcore_core.notifications.outbox.Flood", lambda: _Flood(burst=3, every=60.0, pause=0.05))
    await keep(chat, min_level="info")
    async with watching():
        for number in range(10):
            await engine.report("job.started", f"j{number}", job=f"Job {number}")
        await chat.until(lambda: any(event == "notification.left_out" for event, _ in chat.heard()))
    (left,) = [params["count"] for event, params in chat.heard() if event == "notification.left_out"]
    assert left + len([event for event, _ in chat.heard() if event == "job.started"]) == 10


async def test_malformed_reports_are_faults_of_the_reporter(engine: Engine) -> None:
    with pytest.raises(ValueError, match="no such event"):
        await report(engine.bus, "job.exploded", "j")
    with pytest.raises(ValueError, match="not its parameters"):
        await report(engine.bus, "storage.failing", "s", params={"name": "NAS"})


async def test_events_of_another_version_are_passed_over(
    engine: Engine, watching: Watching, keep: Keep, chat: ChatServer
) -> None:
    await keep(chat)
    async with watching():
        await engine.bus.publish(f"{HAPPENED}.future.thing", {"subject": "x"})
        await engine.bus.publish(f"{HAPPENED}.storage.failing", {"nonsense": True})
        await engine.bus.publish(f"{STATE}.{JOB}", {"nonsense": True})
        await engine.report("storage.failing", "s", source="NAS")
        await chat.wait(1)


async def test_a_reason_is_shown_and_a_secret_in_it_is_not(
    engine: Engine, watching: Watching, keep: Keep, chat: ChatServer
) -> None:
    await keep(chat)
    canary = chat.target()["config"]["secret"]
    async with watching():
        reason = PermanentError("storage.unknown", params={"text": f"see {canary}"})
        await report(engine.bus, "storage.failing", "s", params={"source": f"NAS {canary}"}, reason=reason)
        (message,) = await chat.wait(1)
    assert canary not in str(message)
    assert canary not in str(await NotificationDelivery.all().values())
