"""A Twitch channel, connected by a code that is typed elsewhere: key fetched, shown, watched, renewed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from castcore_core.accounts.role import Role
from castcore_twitch import destination as plugin
from engine.scene import end_runners
from plugin_platforms.scene import job_of, labelled, make, no_secret_in, only, register, until, verdict
from runner.scene import Sink
from servers.staff import Staff, Visitor, staffed
from servers.twitch import KEY, Twitch, twitch

TwitchDestination = plugin.TwitchDestination


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with Sink() as server:
        yield server


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch, sink: Sink) -> Iterator[Twitch]:
    """Give a Twitch whose nearest server is the sink."""
    with twitch() as double:
        double.add_ingest("EU: Zurich", sink.url.replace("/live", "/app"))
        provider = replace(
            TwitchDestination.oauth_provider,
            authorize_url=f"{double.url}/oauth2/authorize",
            token_url=f"{double.url}/oauth2/token",
            revoke_url=f"{double.url}/oauth2/revoke",
            device_url=f"{double.url}/oauth2/device",
        )
        monkeypatch.setattr(TwitchDestination, "oauth_provider", provider)
        monkeypatch.setattr(TwitchDestination, "api_url", double.url)
        monkeypatch.setattr(TwitchDestination, "validate_url", f"{double.url}/oauth2/validate")
        monkeypatch.setattr(TwitchDestination, "ingests_url", f"{double.url}/ingests")
        monkeypatch.setattr(TwitchDestination, "ingest_hosts", ("127.0.0.1",))
        monkeypatch.setattr(TwitchDestination, "status_interval", timedelta(milliseconds=200))
        yield double


@pytest.fixture
async def house(tmp_path: Path, platform: Twitch) -> AsyncIterator[Staff]:
    async with staffed(tmp_path / "data") as staff:
        register(staff.core, "twitch", TwitchDestination)
        yield staff
    end_runners(tmp_path)


@pytest.fixture
async def page(house: Staff) -> Visitor:
    return await house.page(Role.ADMIN)


async def connected(page: Visitor, platform: Twitch) -> dict[str, Any]:
    """Connect a public client, which has no secret, as a person does on another device."""
    account = await make(page, "/platform-accounts", {"name": "Kanal", "type": "twitch", "client_id": platform.client})
    begun = await make(page, f"/platform-accounts/{account['id']}/device", {})
    assert begun["user_code"] == "ABCDEFGH"
    platform.allow_device()
    found = await labelled(page, account)
    assert (found["state"], found["label"]) == ("connected", "Zürich_Live")
    return found


async def test_a_job_from_connecting_to_the_end(
    house: Staff, page: Visitor, platform: Twitch, sink: Sink, tmp_path: Path
) -> None:
    account = await connected(page, platform)
    config = {"protocol": "rtmp", "category": "Music", "language": "de"}
    body = {"name": "Twitch", "type": "twitch", "account": account["id"], "config": config}
    destination = await make(page, "/destinations", body)
    job_id = await job_of(page, destination)
    shown = {"title": "{stream_title} live", "tags": ["Zürich", "früh morgens"]}
    assert (await page("PUT", f"/stream-jobs/{job_id}/metadata/twitch", shown)).status == 200
    assert (await page("POST", f"/stream-jobs/{job_id}/start")).status == 200
    await sink.playing(KEY, tags=5)
    assert platform.channel == {
        "title": "Morgenmagazin live",
        "tags": ["Zürich", "frühmorgens"],
        "game_id": "26936",
        "broadcaster_language": "de",
    }
    waiting = await until(house.core, job_id, lambda status: verdict(status) is not None)
    assert verdict(waiting).code == "twitch.not_live"
    platform.live = 42
    live = await until(house.core, job_id, lambda status: verdict(status) and verdict(status).phase == "live")
    assert verdict(live).viewers == 42
    # Its refresh tokens are good once: the old access ends, and the stream does not notice.
    platform.tokens.clear()
    platform.live = 43
    live = await until(house.core, job_id, lambda status: verdict(status) and verdict(status).viewers == 43)
    assert only(live).state == "running"
    assert (await page("POST", f"/stream-jobs/{job_id}/stop")).status == 200
    await until(house.core, job_id, lambda status: status.state == "stopped")
    no_secret_in(tmp_path, [KEY, *platform.tokens, *platform.refresh])


async def test_points_run_out_while_on_air(house: Staff, page: Visitor, platform: Twitch, sink: Sink) -> None:
    account = await connected(page, platform)
    body = {"name": "Twitch", "type": "twitch", "account": account["id"], "config": {"protocol": "rtmp"}}
    job_id = await job_of(page, await make(page, "/destinations", body))
    await page("POST", f"/stream-jobs/{job_id}/start")
    await until(house.core, job_id, lambda status: verdict(status) is not None)
    platform.points = 0
    told = await until(house.core, job_id, lambda status: verdict(status) and verdict(status).code == "twitch.too_fast")
    assert only(told).state == "running"
    await page("POST", f"/stream-jobs/{job_id}/stop")
    await until(house.core, job_id, lambda status: status.state == "stopped")
