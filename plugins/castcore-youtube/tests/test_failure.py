"""YouTube's refusals, outages and limits: which error, and what is left untouched."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2 as httpx
import pytest
from scene import Stage, play, refused, request
from youtube_double import YouTube

from castcore_sdk import (
    AuthenticationError,
    BroadcastMetadata,
    BroadcastPhase,
    CastCoreError,
    ConfigurationError,
    NotFoundError,
    PermanentError,
    Severity,
    TemporaryError,
    parse_config,
)
from castcore_sdk.testing import MemoryContext, MemorySession
from castcore_youtube.configuration import YoutubeConfig
from castcore_youtube.destination import YoutubeDestination


@pytest.mark.parametrize(
    ("status", "reason", "kind", "code"),
    [
        (401, "authError", AuthenticationError, "unauthorized"),
        (403, "insufficientPermissions", AuthenticationError, "unauthorized"),
        (403, "insufficientLivePermissions", AuthenticationError, "not_permitted"),
        (401, "youtubeSignupRequired", AuthenticationError, "no_channel"),
        (403, "liveStreamingNotEnabled", ConfigurationError, "live_not_enabled"),
        (403, "livePermissionBlocked", ConfigurationError, "live_blocked"),
        (403, "accessNotConfigured", ConfigurationError, "api_not_enabled"),
        (403, "quotaExceeded", TemporaryError, "quota_exceeded"),
        (403, "rateLimitExceeded", TemporaryError, "too_fast"),
        (403, "userRequestsExceedRateLimit", TemporaryError, "too_fast"),
        (429, "", TemporaryError, "too_fast"),
        (403, "forbidden", PermanentError, "forbidden"),
        (403, "", PermanentError, "forbidden"),
        (404, "", NotFoundError, "not_found"),
        (400, "invalidTitle", ConfigurationError, "title_refused"),
        (400, "invalidScheduledStartTime", ConfigurationError, "start_refused"),
        (400, "somethingNew", PermanentError, "refused"),
        (500, "", TemporaryError, "unavailable"),
        (503, "backendError", TemporaryError, "unavailable"),
        (0, "", TemporaryError, "unreachable"),
    ],
)
def test_each_refusal_has_its_error(
    platform: YouTube, status: int, reason: str, kind: type[CastCoreError], code: str
) -> None:
    platform.fail("liveBroadcasts.insert", status, reason)

    async def run(stage: Stage) -> None:
        with pytest.raises(CastCoreError) as caught:
            await stage.destination().open_broadcast(request())
        assert (type(caught.value), caught.value.code) == (kind, f"youtube.{code}")

    play(platform, run)


@pytest.mark.parametrize(
    ("reason", "code"),
    [("liveBroadcastBindingNotAllowed", "binding_refused"), ("liveStreamNotFound", "stream_gone")],
)
def test_a_binding_that_is_refused(platform: YouTube, reason: str, code: str) -> None:
    platform.fail("liveBroadcasts.bind", 403, reason)

    async def run(stage: Stage) -> None:
        with refused(PermanentError, code):
            await stage.destination().open_broadcast(request())

    play(platform, run)


def test_a_transition_that_is_refused(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        platform.feed(target.reference)
        platform.fail("liveBroadcasts.transition", 403, "invalidTransition")
        with refused(PermanentError, "transition_refused"):
            await destination.close_broadcast(target.reference)
        await destination.close_broadcast(target.reference)
        assert platform.state(target.reference) == "complete"

    play(platform, run)


def test_a_broadcast_that_is_still_starting_is_ended_later(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        platform.broadcasts[target.reference]["status"]["lifeCycleStatus"] = "liveStarting"
        with refused(TemporaryError, "still_starting") as caught:
            await destination.close_broadcast(target.reference)
        assert caught.value.retry_after == timedelta(seconds=10)

    play(platform, run)


def test_a_token_that_was_revoked(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        platform.feed(target.reference)
        platform.tokens.clear()
        for call in (
            destination.status(target.reference),
            destination.close_broadcast(target.reference),
            destination.open_broadcast(request("output-1.8")),
        ):
            with pytest.raises(AuthenticationError):
                await call
        assert platform.state(target.reference) == "live"
        assert (await destination.check())[0].code == "youtube.unauthorized"

    play(platform, run)


def test_a_scope_that_was_not_allowed(platform: YouTube) -> None:
    token = platform.token("https://www.googleapis.com/auth/youtube.readonly")

    async def run(stage: Stage) -> None:
        with refused(AuthenticationError, "unauthorized"):
            await stage.destination().open_broadcast(request())

    play(platform, run, token)


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("120", 120, 120),
        ("99999999", 3600, 3600),
        (format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True), 240, 300),
        (format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True), 60, 60),
        ("soon", 60, 60),
        ("-5", 60, 60),
        (f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT", 60, 60),
    ],
)
def test_retry_after_is_obeyed(platform: YouTube, value: str, least: int, most: int) -> None:
    platform.fail("*", 429, headers={"Retry-After": value})

    async def run(stage: Stage) -> None:
        with pytest.raises(TemporaryError) as caught:
            await stage.destination().open_broadcast(request())
        assert caught.value.retry_after is not None
        assert least <= caught.value.retry_after.total_seconds() <= most

    play(platform, run)


def test_a_storm_of_server_errors_makes_it_wait_longer_each_time(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        platform.feed(target.reference)
        platform.fail("*", 503, times=9)
        waits = []
        for _ in range(9):
            with pytest.raises(TemporaryError) as caught:
                await destination.status(target.reference)
            assert caught.value.retry_after is not None
            waits.append(caught.value.retry_after.total_seconds())
        assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]
        assert (await destination.status(target.reference)).phase is BroadcastPhase.LIVE
        platform.fail("*", 503)
        with pytest.raises(TemporaryError) as caught:
            await destination.status(target.reference)
        assert caught.value.retry_after == timedelta(seconds=5)

    play(platform, run)


def test_the_quota_is_used_up(platform: YouTube, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked until midnight Pacific, what is on air stays, and then it goes on."""
    moment = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)
    monkeypatch.setattr(YoutubeDestination, "clock", lambda self: moment)
    begin = datetime.now(UTC) + timedelta(hours=1)

    async def run(stage: Stage) -> None:
        nonlocal moment
        destination = stage.destination()
        target = await destination.open_broadcast(request(at=begin))
        platform.feed(target.reference)
        platform.quota = platform.units
        with refused(TemporaryError, "quota_exceeded") as caught:
            await destination.status(target.reference)
        assert caught.value.retry_after == timedelta(hours=11, minutes=30)
        calls = len(platform.calls)
        for each in (destination, stage.destination()):
            with refused(TemporaryError, "quota_exceeded"):
                await each.status(target.reference)
        assert len(platform.calls) == calls, "asked in vain"
        assert platform.state(target.reference) == "live"
        with refused(TemporaryError, "quota_exceeded"):
            await stage.destination().open_broadcast(request("output-2.1"))
        results = {result.code: result for result in await destination.check()}
        assert results["youtube.quota_used_up"].severity is Severity.ERROR
        assert results["youtube.quota_used_up"].params["until"] == "08:00"
        platform.quota += 10_000
        moment += timedelta(hours=11, minutes=30)
        assert (await destination.status(target.reference)).phase is BroadcastPhase.LIVE
        results = {result.code: result for result in await destination.check()}
        assert results["youtube.quota_fine"].params["used"] == 4

    play(platform, run)


def test_more_quota_in_the_middle_of_the_day_is_noticed(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        platform.quota = platform.units
        with pytest.raises(TemporaryError):
            await destination.status(target.reference)
        platform.quota += 10_000
        await destination.update_metadata(target.reference, BroadcastMetadata(title="Weiter"))
        await destination.status(target.reference)

    play(platform, run)


def test_little_quota_is_told_and_saved(platform: YouTube, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime.now(UTC)
    monkeypatch.setattr(YoutubeDestination, "clock", lambda self: moment)

    async def run(stage: Stage) -> None:
        nonlocal moment
        destination = stage.destination(daily_quota=190)
        target = await destination.open_broadcast(request())
        first = await destination.status(target.reference)
        assert [issue.code for issue in first.issues] == ["youtube.stream_missing"]
        platform.feed(target.reference)
        calls = len(platform.calls)
        assert await destination.status(target.reference) == first
        assert len(platform.calls) == calls
        moment += timedelta(minutes=6)
        second = await destination.status(target.reference)
        assert (second.phase, [issue.code for issue in second.issues]) == (BroadcastPhase.LIVE, ["youtube.quota_near"])
        assert len(platform.calls) == calls + 2

    play(platform, run)


def test_the_day_ends_at_midnight_pacific_also_when_clocks_change(
    platform: YouTube, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(stage: Stage) -> None:
        for moment, wait in (
            (datetime(2026, 7, 1, 6, 59, tzinfo=UTC), timedelta(minutes=1)),
            (datetime(2026, 7, 1, 7, 0, tzinfo=UTC), timedelta(hours=24)),
            (datetime(2026, 11, 1, 7, 0, tzinfo=UTC), timedelta(hours=25)),
            (datetime(2026, 3, 8, 8, 0, tzinfo=UTC), timedelta(hours=23)),
        ):
            monkeypatch.setattr(YoutubeDestination, "clock", lambda self, moment=moment: moment)
            platform.fail("channels.list", 403, "quotaExceeded")
            with pytest.raises(TemporaryError) as caught:
                await stage.destination().account_label(stage.session)
            assert caught.value.retry_after == wait, moment

    play(platform, run)


def test_an_account_that_is_not_connected() -> None:
    async def run() -> None:
        async with MemoryContext() as context:
            destination = YoutubeDestination(parse_config(YoutubeConfig, {}), context)
            with pytest.raises(AuthenticationError, match=r"platforms\.not_connected"):
                await destination.open_broadcast(request())
            assert [result.code for result in await destination.check()] == ["youtube.not_connected"]

    asyncio.run(run())


def test_a_channel_that_may_not_stream(platform: YouTube) -> None:
    platform.enabled = False

    async def run(stage: Stage) -> None:
        assert (await stage.destination().check())[0].code == "youtube.live_not_enabled"
        platform.channel = ""
        with refused(AuthenticationError, "no_channel"):
            await stage.destination().account_label(stage.session)

    play(platform, run)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"id": 7}', b'{"id": "a", "snippet": [], "items": {}}', b"[" * 100_000, b"\xff\xfe"],
)
def test_odd_answers(body: bytes) -> None:
    async def run() -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
        async with MemorySession(transport) as session, MemoryContext(account=session) as context:
            destination = YoutubeDestination(parse_config(YoutubeConfig, {}), context)
            for call in (
                destination.open_broadcast(request()),
                destination.status("x"),
                destination.update_metadata("x", BroadcastMetadata(title="x")),
            ):
                with pytest.raises(CastCoreError):
                    await call

    asyncio.run(run())


def test_an_answer_without_end() -> None:
    async def endless():
        while True:
            yield b" " * 65536

    async def run() -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, content=endless()))
        async with MemorySession(transport) as session, MemoryContext(account=session) as context:
            destination = YoutubeDestination(parse_config(YoutubeConfig, {}), context)
            with refused(TemporaryError, "answer_unreadable"):
                await destination.status("x")

    asyncio.run(run())


def test_the_token_follows_no_redirect() -> None:
    seen = []

    def answer(asked: httpx.Request) -> httpx.Response:
        seen.append(asked.url.host)
        return httpx.Response(302, headers={"Location": "https://elsewhere.example/"})

    async def run() -> None:
        session = MemorySession(httpx.MockTransport(answer))
        session.http.follow_redirects = True
        async with session, MemoryContext(account=session) as context:
            with pytest.raises(TemporaryError):
                await YoutubeDestination(parse_config(YoutubeConfig, {}), context).status("x")

    asyncio.run(run())
    assert seen == ["youtube.googleapis.com"]
