"""A connected channel: key, metadata, state, and what goes wrong."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import httpx2 as httpx
import pytest
from scene import Stage, play, refused, request
from twitch_double import KEY, Twitch

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
from castcore_twitch import metadata
from castcore_twitch.configuration import TwitchConfig
from castcore_twitch.destination import TwitchDestination

VALIDATE = "GET /oauth2/validate"


def test_the_key_is_fetched_and_the_nearest_server_named(platform: Twitch, near: str) -> None:
    async def run(stage: Stage) -> None:
        target = await stage.destination(backup=True).open_broadcast(request())
        assert (target.protocol, target.url, target.backup_url) == ("rtmp", near, "rtmp://127.0.0.1:1/app")
        assert target.stream_key is not None
        assert target.stream_key.get_secret_value() == KEY
        assert platform.channel["title"] == "before"
        told = [repr(target), *stage.context.lines]
        told += [repr(item) async for item in stage.context.store.scan("ingests")]
        assert not any(secret in text for secret in (KEY, stage.session.token) for text in told)

    play(platform, run)


def test_a_roll_over_is_another_broadcast_of_the_same_channel(platform: Twitch) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        first = await destination.open_broadcast(request("output-1.7"))
        second = await destination.open_broadcast(request("output-1.7.1"))
        assert first.reference != second.reference
        assert first.stream_key == second.stream_key
        assert destination.limits.max_duration == timedelta(hours=48)
        await destination.close_broadcast(first.reference)
        assert (await destination.status(second.reference)).phase is BroadcastPhase.READY

    play(platform, run)


def test_a_bandwidth_test_is_never_live(platform: Twitch) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination(bandwidth_test=True)
        target = await destination.open_broadcast(request())
        assert target.stream_key is not None
        assert target.stream_key.get_secret_value() == f"{KEY}?bandwidthtest=true"
        status = await destination.status(target.reference)
        assert (status.phase, [issue.code for issue in status.issues]) == (
            BroadcastPhase.READY,
            ["twitch.bandwidth_test"],
        )

    play(platform, run)


def test_the_state_is_polled(platform: Twitch) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        status = await destination.status(target.reference)
        assert [issue.code for issue in status.issues] == ["twitch.not_live"]
        platform.live = 42
        status = await destination.status(target.reference)
        assert (status.phase, status.viewers, status.issues) == (BroadcastPhase.LIVE, 42, ())
        assert status.watch_url == "https://www.twitch.tv/zuerich_live"
        with refused(NotFoundError, "other_channel"):
            await destination.status("7:output-1.7")

    play(platform, run)


def test_metadata_is_shown_as_twitch_takes_it(platform: Twitch) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination(language="de-CH")
        target = await destination.open_broadcast(request())
        shown = BroadcastMetadata(
            title="Übertragung 東京 🎬\n" + "x" * 200,
            category="music",
            tags=("Zürich", "live music!", "zürich", "", *(f"t{n}" for n in range(20)), "b" * 60),
        )
        await destination.update_metadata(target.reference, shown)
        assert platform.channel["title"].startswith("Übertragung 東京 🎬 xxx")
        assert platform.channel["game_id"] == "26936"
        assert platform.channel["broadcaster_language"] == "de"
        assert platform.channel["tags"] == ["Zürich", "livemusic", *(f"t{n}" for n in range(8))]

    play(platform, run)


def test_metadata_that_somebody_wrote_is_shown_from_the_start(platform: Twitch) -> None:
    async def run(stage: Stage) -> None:
        await stage.destination(category="Art").open_broadcast(request(push=True, title="Abend"))
        assert (platform.channel["title"], platform.channel["game_id"]) == ("Abend", "509660")

    play(platform, run)


def test_metadata_that_is_refused_does_not_keep_it_off_the_air(platform: Twitch) -> None:
    platform.live = 3

    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request(push=True, category="Nonsense"))
        (issue,) = (await destination.status(target.reference)).issues
        assert (issue.code, issue.severity) == ("twitch.category_unknown", Severity.WARNING)
        with refused(ConfigurationError, "category_unknown"):
            await destination.update_metadata(target.reference, BroadcastMetadata(title="x", category="Nonsense"))
        await destination.update_metadata(target.reference, BroadcastMetadata(title="x"))
        assert (await destination.status(target.reference)).issues == ()

    play(platform, run)


def test_the_token_is_validated_at_the_start_and_every_hour(platform: Twitch, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        for _ in range(5):
            await destination.status(target.reference)
        assert platform.calls.count(VALIDATE) == 1
        later = time.monotonic() + 3601
        monkeypatch.setattr("castcore_twitch.destination.time.monotonic", lambda: later)
        await destination.status(target.reference)
        assert platform.calls.count(VALIDATE) == 2

    play(platform, run)


def test_check_and_label(platform: Twitch) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        assert await destination.account_label(stage.session) == "Zürich_Live"
        results = await destination.check()
        assert [result.code for result in results] == ["twitch.channel_ready", "twitch.ingest_reachable"]
        platform.tokens.clear()
        assert (await destination.check())[0].code == "twitch.unauthorized"

    play(platform, run)


def test_an_account_that_is_not_connected(platform: Twitch) -> None:
    async def run() -> None:
        async with MemoryContext() as context:
            destination = TwitchDestination(parse_config(TwitchConfig, {"protocol": "rtmp"}), context)
            with pytest.raises(AuthenticationError, match=r"platforms\.not_connected"):
                await destination.open_broadcast(request())
            assert (await destination.check())[0].code == "twitch.not_connected"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("status", "message", "kind", "code"),
    [
        (401, "Invalid OAuth token", AuthenticationError, "unauthorized"),
        (401, "Missing scope: channel:manage:broadcast", AuthenticationError, "unauthorized"),
        (403, "The user is not authorized.", PermanentError, "forbidden"),
        (400, "The title field was rejected by moderation.", ConfigurationError, "title_refused"),
        (400, "A tag contains unallowed text.", ConfigurationError, "tags_refused"),
        (400, "Other", PermanentError, "refused"),
        (404, "", NotFoundError, "not_found"),
        (500, "", TemporaryError, "unavailable"),
        (503, "", TemporaryError, "unavailable"),
        (0, "", TemporaryError, "unreachable"),
    ],
)
def test_each_refusal_has_its_error(
    platform: Twitch, status: int, message: str, kind: type[CastCoreError], code: str
) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        platform.fail("/helix/channels", status, message)
        with refused(kind, code) as caught:
            await destination.update_metadata(target.reference, BroadcastMetadata(title="x"))
        assert type(caught.value) is kind

    play(platform, run)


def test_a_scope_that_was_not_allowed(platform: Twitch) -> None:
    token = platform.token("channel:manage:broadcast")

    async def run(stage: Stage) -> None:
        with refused(AuthenticationError, "unauthorized"):
            await stage.destination().open_broadcast(request())

    play(platform, run, token)


def test_points_run_out_and_come_back(platform: Twitch, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        platform.points = 1
        await destination.status(target.reference)
        calls = len(platform.calls)
        with refused(TemporaryError, "too_fast") as caught:
            await destination.status(target.reference)
        assert isinstance(caught.value, TemporaryError)
        assert caught.value.retry_after is not None
        assert timedelta(seconds=25) < caught.value.retry_after <= timedelta(seconds=30)
        assert len(platform.calls) == calls, "asked in vain"
        later = time.time() + 31
        monkeypatch.setattr("castcore_twitch.pace.time.time", lambda: later)
        platform.points = 800
        await destination.status(target.reference)

    play(platform, run)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Ratelimit-Reset": "RESET"}, 20),
        ({"Retry-After": "7"}, 7),
        ({}, 60),
        ({"Ratelimit-Reset": "soon", "Retry-After": "-1"}, 60),
        ({"Ratelimit-Reset": "9999999999"}, 300),
    ],
)
def test_a_429_is_obeyed(platform: Twitch, headers: dict[str, str], seconds: int) -> None:
    if headers.get("Ratelimit-Reset") == "RESET":
        headers = {"Ratelimit-Reset": str(int(time.time()) + 20)}

    async def run(stage: Stage) -> None:
        platform.fail("/helix/streams/key", 429, headers=headers)
        with refused(TemporaryError, "too_fast") as caught:
            await stage.destination().open_broadcast(request())
        assert isinstance(caught.value, TemporaryError)
        assert caught.value.retry_after is not None
        assert seconds - 2 <= caught.value.retry_after.total_seconds() <= seconds

    play(platform, run)


def test_a_storm_of_server_errors_makes_it_wait_longer_each_time(platform: Twitch) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        platform.fail("*", 503, times=8)
        waits = []
        for _ in range(8):
            with refused(TemporaryError, "unavailable") as caught:
                await destination.status(target.reference)
            assert isinstance(caught.value, TemporaryError)
            assert caught.value.retry_after is not None
            waits.append(caught.value.retry_after.total_seconds())
        assert waits == [5, 10, 20, 40, 80, 160, 300, 300]
        platform.live = 1
        assert (await destination.status(target.reference)).phase is BroadcastPhase.LIVE

    play(platform, run)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b'{"user_id": 7, "data": {}}', b"[" * 100_000, b"\xff"])
def test_odd_answers(platform: Twitch, body: bytes) -> None:
    async def run() -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
        async with MemorySession(transport) as session, MemoryContext(account=session, transport=transport) as context:
            destination = TwitchDestination(parse_config(TwitchConfig, {}), context)
            for call in (
                destination.open_broadcast(request()),
                destination.status("1:x"),
                destination.update_metadata("1:x", BroadcastMetadata(title="x")),
            ):
                with refused(TemporaryError, "answer_unreadable"):
                    await call

    asyncio.run(run())


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("  Ein\tTitel \n in Zeilen ", "Ein Titel in Zeilen"),
        ("", "Live"),
        (" \x00 ", "Live"),
        ("a" * 140, "a" * 140),
        ("a" * 141, "a" * 139 + "…"),
        ("🎬" * 100, "🎬" * 69 + "…"),
        ("x" * 137 + "👩\u200d🚀 y", "x" * 137 + "…"),
        ("half \ud83c pair", "half pair"),
        ("a " * 1_000_000, "a " * 69 + "a…"),
    ],
)
def test_titles(given: str, shown: str) -> None:
    assert metadata.title(given) == shown
