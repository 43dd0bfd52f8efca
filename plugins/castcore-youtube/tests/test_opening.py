"""Broadcasts are made once, whatever happens in between."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from scene import Stage, play, request
from youtube_double import KEY, YouTube

from castcore_sdk import BroadcastPhase, CastCoreError, TemporaryError
from castcore_youtube.note import Notes


def test_a_broadcast_is_made_with_what_was_configured(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        config = {"privacy": "public", "latency": "low", "dvr": False, "made_for_kids": True, "backup": True}
        begin = datetime.now(UTC) + timedelta(hours=2)
        destination = stage.destination(**config)
        target = await destination.open_broadcast(request(description="Um acht.\nLive.", at=begin))
        assert (target.protocol, target.url) == ("rtmps", "rtmps://a.rtmps.youtube.com:443/live2")
        assert target.backup_url == "rtmps://b.rtmps.youtube.com:443/live2?backup=1"
        assert target.stream_key is not None
        assert target.stream_key.get_secret_value().startswith(KEY)
        made = platform.broadcasts[target.reference]
        assert made["snippet"]["title"] == "Nachrichten"
        assert made["snippet"]["description"] == "Um acht.\nLive."
        scheduled = datetime.fromisoformat(made["snippet"]["scheduledStartTime"])
        assert abs(scheduled - begin) < timedelta(minutes=1)
        assert made["status"] | {"privacyStatus": "public", "selfDeclaredMadeForKids": True} == made["status"]
        details = made["contentDetails"]
        assert (details["latencyPreference"], details["enableDvr"], details["enableAutoStop"]) == ("low", False, False)
        assert details["enableAutoStart"] is True
        assert platform.state(target.reference) == "ready"
        assert platform.units == 150

    play(platform, run)


def test_rtmp_where_rtmps_does_not_pass(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        target = await stage.destination(protocol="rtmp", backup=True).open_broadcast(request())
        assert (target.protocol, target.url) == ("rtmp", "rtmp://a.rtmp.youtube.com/live2")
        assert target.backup_url == "rtmp://b.rtmp.youtube.com/live2?backup=1"

    play(platform, run)


def test_it_lives_and_ends(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        assert (await destination.status(target.reference)).phase is BroadcastPhase.READY
        platform.feed(target.reference)
        status = await destination.status(target.reference)
        assert (status.phase, status.viewers) == (BroadcastPhase.LIVE, 17)
        assert status.watch_url == f"https://www.youtube.com/watch?v={target.reference}"
        await destination.close_broadcast(target.reference)
        assert platform.state(target.reference) == "complete"
        assert (await destination.status(target.reference)).phase is BroadcastPhase.ENDED
        assert [item async for item in stage.context.store.scan("broadcasts")] == []

    play(platform, run)


def test_what_nobody_saw_is_removed(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        await destination.close_broadcast(target.reference)
        assert platform.broadcasts == {}
        await destination.close_broadcast(target.reference)

    play(platform, run)


def test_a_new_id_rolls_over_to_a_new_broadcast(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        first = await destination.open_broadcast(request("output-1.7"))
        platform.feed(first.reference)
        second = await destination.open_broadcast(request("output-1.8"))
        assert first.stream_key != second.stream_key
        platform.feed(second.reference)
        assert [platform.state(each.reference) for each in (first, second)] == ["live", "live"]
        await destination.close_broadcast(first.reference)
        assert [platform.state(each.reference) for each in (first, second)] == ["complete", "live"]

    play(platform, run)


def test_a_stream_that_is_reused_keeps_its_key(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        first = await stage.destination(reuse_stream=True).open_broadcast(request("output-1.7"))
        second = await stage.destination(reuse_stream=True).open_broadcast(request("output-1.8"))
        assert first.stream_key == second.stream_key
        assert first.reference != second.reference
        assert platform.counted()["liveStreams.insert"] == 1

    play(platform, run)


@pytest.mark.parametrize(
    "method", ["liveBroadcasts.insert", "liveStreams.insert", "liveBroadcasts.bind", "liveStreams.list"]
)
@pytest.mark.parametrize("done", [True, False], ids=["taken effect", "not taken effect"])
@pytest.mark.parametrize("status", [0, 503], ids=["connection lost", "server error"])
def test_an_opening_goes_on_where_it_was_interrupted(platform: YouTube, method: str, done: bool, status: int) -> None:
    async def run(stage: Stage) -> None:
        if method == "liveStreams.list":
            await stage.destination().open_broadcast(request())
        platform.fail(method, status, done=done)
        with pytest.raises(TemporaryError):
            await stage.destination().open_broadcast(request())
        target = await stage.destination().open_broadcast(request())
        assert list(platform.broadcasts) == [target.reference]
        assert platform.state(target.reference) == "ready"
        again = await stage.destination().open_broadcast(request())
        assert again == target
        assert platform.counted()["liveBroadcasts.insert"] == (
            2 if method == "liveBroadcasts.insert" and not done else 1
        )

    play(platform, run)


@pytest.mark.parametrize("method", ["liveBroadcasts.insert", "liveStreams.insert", "liveBroadcasts.bind"])
def test_a_process_killed_at_any_step_leaves_no_second_broadcast(platform: YouTube, method: str) -> None:
    """The task dies after YouTube has acted and before anything could be noted."""

    async def run(stage: Stage) -> None:
        destination = stage.destination()
        opening = asyncio.create_task(destination.open_broadcast(request()))
        await asyncio.to_thread(platform.await_call, method)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        target = await stage.destination().open_broadcast(request())
        assert list(platform.broadcasts) == [target.reference]

    play(platform, run)


def test_only_its_own_lost_broadcast_is_taken(platform: YouTube) -> None:
    """Same title, same moment: a broadcast of another output, and one that somebody planned, are left alone."""
    platform.page = 2

    async def run(stage: Stage) -> None:
        others = [await stage.destination().open_broadcast(request(f"output-{n}.1")) for n in range(2, 7)]
        platform.fail("liveBroadcasts.insert", 0, done=True)
        with pytest.raises(TemporaryError):
            await stage.destination().open_broadcast(request("output-1.1"))
        target = await stage.destination().open_broadcast(request("output-1.1"))
        assert target.reference not in {each.reference for each in others}
        assert len(platform.broadcasts) == 6

    play(platform, run)


def test_a_broadcast_that_was_ended_by_hand_is_followed_by_a_new_one(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        first = await destination.open_broadcast(request())
        platform.broadcasts[first.reference]["status"]["lifeCycleStatus"] = "complete"
        second = await destination.open_broadcast(request())
        assert second.reference != first.reference
        del platform.broadcasts[second.reference]
        third = await destination.open_broadcast(request())
        assert platform.state(third.reference) == "ready"

    play(platform, run)


def test_a_stream_that_was_deleted_is_replaced(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        first = await destination.open_broadcast(request())
        platform.streams.clear()
        second = await destination.open_broadcast(request())
        assert second.reference == first.reference
        assert second.stream_key != first.stream_key

    play(platform, run)


def test_an_intent_from_last_week_begins_now(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        platform.fail("liveBroadcasts.insert", 503)
        with pytest.raises(TemporaryError):
            await stage.destination().open_broadcast(request())
        notes = Notes(stage.context.store)
        note = await notes.get("output-1.7")
        assert note is not None
        await notes.change("output-1.7", note, starts_at="2026-01-01T00:00:07Z")
        target = await stage.destination().open_broadcast(request())
        assert platform.state(target.reference) == "ready"

    play(platform, run)


def test_openings_that_were_given_up_are_forgotten_after_a_month(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        platform.fail("liveBroadcasts.insert", 503)
        with pytest.raises(TemporaryError):
            await stage.destination().open_broadcast(request("given-up.1"))
        notes = Notes(stage.context.store)
        note = await notes.get("given-up.1")
        assert note is not None
        await stage.destination().open_broadcast(request())
        assert await notes.get("given-up.1") is not None
        old = (datetime.now(UTC) - timedelta(days=31)).strftime("%Y-%m-%dT%H:%M:%SZ")
        await notes.change("given-up.1", note, starts_at=old)
        await stage.destination().open_broadcast(request("output-1.8"))
        assert await notes.get("given-up.1") is None
        assert await notes.get("output-1.7") is not None

    play(platform, run)


def test_concurrent_openings_of_one_broadcast_make_one(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        targets = await asyncio.gather(*(stage.destination().open_broadcast(request()) for _ in range(5)))
        assert len({target.reference for target in targets}) == 1
        assert len(platform.broadcasts) == 1

    play(platform, run)


def test_many_outputs_at_once(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        names = [f"output-{number}.1" for number in range(12)]
        targets = await asyncio.gather(*(stage.destination().open_broadcast(request(name)) for name in names))
        assert len({target.reference for target in targets}) == len(names)
        document = [value async for _, value in stage.context.store.scan("quota")]
        assert [each["used"] for each in document] == [platform.units] == [150 * len(names)]

    play(platform, run)


def test_what_a_broadcast_can_do_without_does_not_keep_it_off_the_air(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination(category="Nonsense", playlists=["PLgone", "PLlive"])
        target = await destination.open_broadcast(request())
        status = await destination.status(target.reference)
        codes = {issue.code for issue in status.issues}
        assert codes >= {"youtube.category_unknown", "youtube.playlist_unknown"}
        platform.playlists["PLgone"] = []
        await stage.destination(category="Gaming", playlists=["PLgone", "PLlive"]).open_broadcast(request())
        assert platform.playlists == {"PLgone": [target.reference], "PLlive": [target.reference]}
        assert platform.videos[target.reference]["snippet"]["categoryId"] == "20"
        await stage.destination(playlists=["PLgone", "PLlive"]).open_broadcast(request())
        assert platform.playlists["PLlive"] == [target.reference]

    play(platform, run)


def test_the_key_is_in_no_document_and_no_line(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        platform.fail("*", 500)
        with pytest.raises(CastCoreError) as caught:
            await destination.status(target.reference)
        kept = [repr(item) for name in ("broadcasts", "quota") async for item in stage.context.store.scan(name)]
        error = caught.value
        told = [
            *kept,
            *stage.context.lines,
            repr(target),
            f"{error!r} {error} {error.params} {error.detail} {error.__cause__}",
        ]
        for secret in (KEY, stage.session.token):
            assert not any(secret in text for text in told)

    play(platform, run)
