"""The same POST twice is carried out once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from quart import Quart

from castcore_core.api.models import KeptAnswer
from castcore_core.db import utc_now
from servers import stage
from servers.castcore import application
from servers.stage import FOUNDATION

NOTES = "/api/v1/stage/notes"


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Quart]:
    stage.calls.clear()
    async with application(tmp_path, features=FOUNDATION) as running:
        yield running


def key(text: str) -> dict[str, str]:
    return {"Idempotency-Key": text}


async def test_a_repeated_request_gets_the_kept_answer(app: Quart) -> None:
    client = app.test_client()
    first = await client.post(NOTES, json={"title": "canary"}, headers=key("k-1"))
    again = await client.post(NOTES, json={"title": "canary"}, headers=key("k-1"))
    assert (first.status_code, again.status_code) == (201, 201)
    assert await first.get_data() == await again.get_data()
    assert again.headers["Location"] == "/n/1"
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert stage.calls == ["canary"]
    assert "canary" not in str(await KeptAnswer.all().values())


async def test_keys_of_different_requests_do_not_meet(app: Quart) -> None:
    client = app.test_client()
    await client.post(NOTES, json={"title": "a"}, headers=key("k-1"))
    await client.post(NOTES, json={"title": "a"}, headers=key("k-2"))
    await client.post(NOTES, json={"title": "a"})
    other = await client.post(NOTES, json={"title": "b"}, headers=key("k-1"))
    assert (other.status_code, (await other.get_json())["error"]["code"]) == (422, "request.key_reused")
    assert stage.calls == ["a", "a", "a"]


async def test_of_two_at_once_one_is_told_to_wait(app: Quart) -> None:
    client = app.test_client()
    answers = await asyncio.gather(*(client.post(NOTES, json={"title": "slow"}, headers=key("k-1")) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert stage.calls == ["slow"]


async def test_a_failure_leaves_the_key_free(app: Quart) -> None:
    client = app.test_client()
    for _ in range(2):
        assert (await client.post(NOTES, json={"title": "busy"}, headers=key("k-1"))).status_code == 409
        assert (await client.post(NOTES, json={}, headers=key("k-2"))).status_code == 422
    assert stage.calls == ["busy", "busy"]
    assert await KeptAnswer.all().count() == 0


async def test_a_client_that_hangs_up_finds_the_answer_later(app: Quart) -> None:
    client = app.test_client()
    asking = asyncio.create_task(client.post(NOTES, json={"title": "slow"}, headers=key("k-1")))
    async with asyncio.timeout(5):
        while not stage.calls:
            await asyncio.sleep(0.01)
        asking.cancel()
        while (again := await client.post(NOTES, json={"title": "slow"}, headers=key("k-1"))).status_code == 409:
            await asyncio.sleep(0.02)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert stage.calls == ["slow"]


async def test_what_a_dead_server_had_begun_is_done_by_the_next(app: Quart) -> None:
    client = app.test_client()
    await client.post(NOTES, json={"title": "a"}, headers=key("k-1"))
    await KeptAnswer.all().update(answer=None, status=None)
    assert (await client.post(NOTES, json={"title": "a"}, headers=key("k-1"))).status_code == 409
    await KeptAnswer.all().update(server="an earlier life")
    assert (await client.post(NOTES, json={"title": "a"}, headers=key("k-1"))).status_code == 201
    assert stage.calls == ["a", "a"]


async def test_answers_are_kept_for_a_day(app: Quart) -> None:
    client = app.test_client()
    await client.post(NOTES, json={"title": "a"}, headers=key("k-1"))
    await KeptAnswer.all().update(created_at=utc_now() - timedelta(hours=25))
    await client.post(NOTES, json={"title": "a"}, headers=key("k-1"))
    assert stage.calls == ["a", "a"]
    assert await KeptAnswer.all().count() == 1


@pytest.mark.parametrize("bad", ["", "a b", "ü", "x" * 201])
async def test_a_malformed_key_is_refused(app: Quart, bad: str) -> None:
    assert (await app.test_client().post(NOTES, json={"title": "a"}, headers=key(bad))).status_code == 400
