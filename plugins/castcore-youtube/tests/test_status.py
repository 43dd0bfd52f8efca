"""The second light: what YouTube says of a broadcast and its stream."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
from scene import Stage, play, refused, request
from youtube_discovery import document
from youtube_double import YouTube

from castcore_sdk import BroadcastPhase, NotFoundError, Severity
from castcore_youtube.destination import YoutubeDestination
from castcore_youtube.issue import CODES


def test_every_kind_of_issue_is_known_and_has_texts() -> None:
    issue = document()["schemas"]["LiveStreamConfigurationIssue"]["properties"]["type"]
    assert sorted(CODES) == sorted(issue["enum"])
    for language in ("en", "de"):
        texts = json.loads((files("castcore_youtube") / "locales" / f"{language}.json").read_text(encoding="utf-8"))
        assert {code.removeprefix("youtube.") for code in CODES.values()} <= set(texts)


@pytest.mark.parametrize(
    ("state", "phase"),
    [
        ("created", BroadcastPhase.READY),
        ("ready", BroadcastPhase.READY),
        ("testStarting", BroadcastPhase.READY),
        ("testing", BroadcastPhase.READY),
        ("liveStarting", BroadcastPhase.LIVE),
        ("live", BroadcastPhase.LIVE),
        ("complete", BroadcastPhase.ENDED),
        ("revoked", BroadcastPhase.REJECTED),
    ],
)
def test_states(platform: YouTube, state: str, phase: BroadcastPhase) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        platform.broadcasts[target.reference]["status"]["lifeCycleStatus"] = state
        assert (await destination.status(target.reference)).phase is phase

    play(platform, run)


def test_issues_are_told_with_youtubes_words_and_unknown_ones_pass(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        platform.feed(target.reference)
        issues = [
            {"type": "bitrateLow", "severity": "error", "reason": "Low", "description": "800 instead of 4500 kbit/s"},
            {"type": "gopSizeLong", "severity": "warning", "reason": "", "description": "x" * 5000},
        ]
        platform.stream_of(target.reference)["status"]["healthStatus"] = {
            "status": "bad",
            "configurationIssues": issues,
        }
        found = {issue.code: issue for issue in (await destination.status(target.reference)).issues}
        assert set(found) == {"youtube.health_bad", "youtube.issue_bitrate_low", "youtube.issue_gop_size_long"}
        assert found["youtube.issue_bitrate_low"].params["said"] == "800 instead of 4500 kbit/s"
        assert found["youtube.issue_bitrate_low"].severity is Severity.ERROR
        assert len(str(found["youtube.issue_gop_size_long"].params["said"])) == 300

    play(platform, run)


def test_a_kind_that_came_after_this_version(platform: YouTube, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("youtube_double.check", lambda *_: None)

    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        new = {"type": "smellTooStrong", "severity": "odd", "reason": "Smell", "description": "Air the studio."}
        platform.stream_of(target.reference)["status"] = {"healthStatus": {"configurationIssues": [new, None, 7]}}
        (found,) = (await destination.status(target.reference)).issues
        assert (found.code, found.severity) == ("youtube.issue_other", Severity.WARNING)
        assert dict(found.params) == {"kind": "smellTooStrong", "reason": "Smell", "said": "Air the studio."}

    play(platform, run)


def test_a_stream_that_stops_is_told_and_does_not_end_the_broadcast(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        platform.feed(target.reference)
        assert (await destination.status(target.reference)).issues == ()
        platform.starve(target.reference)
        status = await destination.status(target.reference)
        assert status.phase is BroadcastPhase.LIVE
        assert "youtube.stream_missing" in {issue.code for issue in status.issues}

    play(platform, run)


def test_a_broadcast_deleted_by_hand(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        platform.broadcasts.clear()
        with refused(NotFoundError, "broadcast_gone"):
            await destination.status(target.reference)
        await destination.close_broadcast(target.reference)

    play(platform, run)


def test_a_scheduled_broadcast_waits_for_its_time_and_its_stream(
    platform: YouTube, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = datetime.now(UTC) + timedelta(hours=1)

    async def run(stage: Stage) -> None:
        destination = stage.destination(start="scheduled")
        target = await destination.open_broadcast(request(at=begin))
        platform.feed(target.reference)
        assert (await destination.status(target.reference)).phase is BroadcastPhase.READY
        monkeypatch.setattr(YoutubeDestination, "clock", lambda self: begin + timedelta(minutes=1))
        platform.starve(target.reference)
        assert (await destination.status(target.reference)).phase is BroadcastPhase.READY
        platform.feed(target.reference)
        assert (await destination.status(target.reference)).phase is BroadcastPhase.LIVE
        assert platform.state(target.reference) == "live"
        await destination.status(target.reference)
        assert platform.counted()["liveBroadcasts.transition"] == 1

    play(platform, run)


def test_manual_start_is_left_to_people(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination(start="manual")
        target = await destination.open_broadcast(request())
        platform.feed(target.reference)
        assert (await destination.status(target.reference)).phase is BroadcastPhase.READY
        assert platform.state(target.reference) == "ready"

    play(platform, run)


def test_a_look_costs_two_units(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        before = platform.units
        await destination.status(target.reference)
        assert platform.units - before == 2

    play(platform, run)


def test_somebody_else_ended_it_meanwhile(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        platform.feed(target.reference)
        platform.fail("liveBroadcasts.transition", 403, "redundantTransition", done=True)
        await destination.close_broadcast(target.reference)
        assert platform.state(target.reference) == "complete"

    play(platform, run)
