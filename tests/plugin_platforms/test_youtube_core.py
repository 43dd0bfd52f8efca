"""A YouTube channel, connected through the core: broadcast made, gone live, watched, renamed and ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from castcore_core.accounts.role import Role
from castcore_youtube import destination as youtube_plugin
from engine.scene import end_runners
from plugin_platforms.scene import job_of, labelled, make, no_secret_in, only, register, settle, until, verdict
from runner.scene import Sink
from servers.staff import Staff, Visitor, staffed
from servers.youtube import KEY, YouTube, youtube

YoutubeDestination = youtube_plugin.YoutubeDestination


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with Sink() as server:
        yield server


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch, sink: Sink) -> Iterator[YouTube]:
    """Give a YouTube whose streams are sent to the sink."""
    with youtube() as double:
        double.ingest = sink.url
        provider = replace(
            YoutubeDestination.oauth_provider,
            authorize_url=f"{double.url}/auth",
            token_url=f"{double.url}/token",
            revoke_url=f"{double.url}/revoke",
            device_url=f"{double.url}/device/code",
        )
        monkeypatch.setattr(YoutubeDestination, "oauth_provider", provider)
        monkeypatch.setattr(YoutubeDestination, "api_url", double.url)
        monkeypatch.setattr(YoutubeDestination, "status_interval", timedelta(milliseconds=200))
        yield double


@pytest.fixture
async def house(tmp_path: Path, platform: YouTube) -> AsyncIterator[Staff]:
    async with staffed(tmp_path / "data") as staff:
        register(staff.core, "youtube", YoutubeDestination)
        yield staff
    end_runners(tmp_path)


@pytest.fixture
async def page(house: Staff) -> Visitor:
    return await house.page(Role.ADMIN)


async def account_of(page: Visitor, platform: YouTube) -> dict[str, Any]:
    """Keep an account; nobody has connected it."""
    client_id, secret = platform.client
    body = {"name": "Kanal", "type": "youtube", "client_id": client_id, "client_secret": secret}
    return await make(page, "/platform-accounts", body)


async def connected(page: Visitor, platform: YouTube) -> dict[str, Any]:
    """Connect an account as a person does in a browser."""
    account = await account_of(page, platform)
    left = await page("GET", f"/platforms/youtube/oauth/start?account={account['id']}")
    query = dict(parse_qsl(urlsplit(left.body["url"]).query))
    home = urlsplit(platform.authorize(query))
    arrived = await page("GET", f"{home.path}?{home.query}")
    assert arrived.status == 204, arrived.body
    found = await page("GET", f"/platform-accounts/{account['id']}")
    assert (found.body["state"], found.body["label"]) == ("connected", platform.channel)
    return dict(found.body)


async def destination_of(page: Visitor, account: dict[str, Any], **config: Any) -> dict[str, Any]:
    body = {"name": "YouTube", "type": "youtube", "account": account["id"], "config": {"protocol": "rtmp", **config}}
    return await make(page, "/destinations", body)


async def test_a_job_from_connecting_to_the_end(
    house: Staff, page: Visitor, platform: YouTube, sink: Sink, tmp_path: Path
) -> None:
    destination = await destination_of(page, await connected(page, platform), category="Gaming")
    tested = await page("POST", f"/destinations/{destination['id']}/test")
    assert tested.body["ok"], tested.body
    job_id = await job_of(page, destination)
    assert (await page("POST", f"/stream-jobs/{job_id}/start")).status == 200
    await until(house.core, job_id, lambda status: status.state == "running")
    (name,) = platform.broadcasts
    key = platform.stream_of(name)["cdn"]["ingestionInfo"]["streamName"]
    await sink.playing(key, tags=5)
    waiting = await until(house.core, job_id, lambda status: verdict(status) is not None)
    assert verdict(waiting).code == "youtube.stream_missing"
    platform.feed(name)
    live = await until(house.core, job_id, lambda status: verdict(status) and verdict(status).phase == "live")
    assert (verdict(live).code, verdict(live).viewers) == ("platforms.live", 17)
    assert platform.broadcasts[name]["snippet"]["title"] == "Morgenmagazin"
    shown = {"title": "{stream_title}: die zweite Stunde", "tags": ["morgen"]}
    assert (await page("PUT", f"/stream-jobs/{job_id}/metadata/youtube", shown)).status == 200
    pushed = await page("POST", f"/stream-jobs/{job_id}/metadata/youtube/push")
    assert pushed.body["ok"], pushed.body
    assert platform.broadcasts[name]["snippet"]["title"] == "Morgenmagazin: die zweite Stunde"
    assert platform.videos[name]["snippet"]["tags"] == ["morgen"]
    assert platform.state(name) == "live"
    assert (await page("POST", f"/stream-jobs/{job_id}/stop")).status == 200
    await until(house.core, job_id, lambda status: status.state == "stopped")
    await settle(lambda: platform.state(name) == "complete")
    no_secret_in(tmp_path, [KEY, platform.client[1], *platform.tokens, *platform.refresh])


async def test_a_channel_without_a_browser(page: Visitor, platform: YouTube) -> None:
    account = await account_of(page, platform)
    begun = await make(page, f"/platform-accounts/{account['id']}/device", {})
    assert begun["user_code"] == "ABCD-EFGH"
    platform.allow_device()
    found = await labelled(page, account)
    assert (found["state"], found["label"]) == ("connected", platform.channel)


async def test_access_that_was_withdrawn_is_told_and_leaves_the_stream(
    house: Staff, page: Visitor, platform: YouTube, sink: Sink
) -> None:
    account = await connected(page, platform)
    job_id = await job_of(page, await destination_of(page, account))
    await page("POST", f"/stream-jobs/{job_id}/start")
    await until(house.core, job_id, lambda status: verdict(status) is not None)
    (name,) = platform.broadcasts
    platform.feed(name)
    platform.tokens.clear()
    platform.refresh.clear()
    told = await until(
        house.core, job_id, lambda status: verdict(status) and verdict(status).code == "platforms.reauthentication"
    )
    assert only(told).state == "running"
    assert platform.state(name) == "live"
    found = await page("GET", f"/platform-accounts/{account['id']}")
    assert found.body["state"] == "reauthentication"
    await page("POST", f"/stream-jobs/{job_id}/stop")
    await until(house.core, job_id, lambda status: status.state == "stopped")


async def test_the_quota_is_used_up_while_on_air(house: Staff, page: Visitor, platform: YouTube, sink: Sink) -> None:
    job_id = await job_of(page, await destination_of(page, await connected(page, platform)))
    await page("POST", f"/stream-jobs/{job_id}/start")
    await until(house.core, job_id, lambda status: verdict(status) is not None)
    platform.quota = platform.units
    told = await until(
        house.core, job_id, lambda status: verdict(status) and verdict(status).code == "youtube.quota_exceeded"
    )
    assert only(told).state == "running"
    calls = len(platform.calls)
    session = sink.sessions[0]
    media = len(session.media())
    await sink.until(lambda: len(session.media()) > media + 30)
    assert len(platform.calls) == calls, "YouTube was asked on"
    await page("POST", f"/stream-jobs/{job_id}/stop")
    await until(house.core, job_id, lambda status: status.state == "stopped")


async def test_a_key_alone(
    house: Staff, page: Visitor, platform: YouTube, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(YoutubeDestination, "servers", {"rtmp": (sink.url, sink.url)})
    config = {"stream_key": "canary-yt-abcd-efgh", "protocol": "rtmp"}
    destination = await make(page, "/destinations", {"name": "Key", "type": "youtube", "config": config})
    assert "canary-yt" not in str(destination)
    job_id = await job_of(page, destination)
    await page("POST", f"/stream-jobs/{job_id}/start")
    await sink.playing("canary-yt-abcd-efgh", tags=5)
    status = await until(house.core, job_id, lambda status: status.state == "running")
    assert verdict(status) is None
    pushed = await page("POST", f"/stream-jobs/{job_id}/metadata/youtube/push")
    assert pushed.body["results"][0]["code"] == "metadata.not_supported", pushed.body
    await page("POST", f"/stream-jobs/{job_id}/stop")
    await until(house.core, job_id, lambda status: status.state == "stopped")
    assert platform.calls == []


async def test_before_the_platform_ends_it_a_new_broadcast_takes_over(
    house: Staff, page: Visitor, platform: YouTube, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = replace(YoutubeDestination.limits, max_duration=timedelta(seconds=6))
    monkeypatch.setattr(YoutubeDestination, "limits", limits)
    job_id = await job_of(page, await destination_of(page, await connected(page, platform)))
    await page("POST", f"/stream-jobs/{job_id}/start")
    await settle(lambda: sink.sessions)
    (first,) = platform.broadcasts
    platform.feed(first)
    await settle(lambda: len(sink.sessions) > 1, within=20)
    monkeypatch.setattr(YoutubeDestination, "limits", replace(limits, max_duration=timedelta(hours=12)))
    second = next(name for name in platform.broadcasts if name != first)
    platform.feed(second)
    await settle(lambda: platform.state(first) == "complete", within=20)
    assert platform.state(second) == "live"
    assert sink.sessions[0].key != sink.sessions[1].key
    await page("POST", f"/stream-jobs/{job_id}/stop")
    await settle(lambda: platform.state(second) == "complete")
