"""What two servers on one PostgreSQL must agree on: the first admin, the last admin, used refresh tokens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from servers.castcore import start
from servers.postgres import postgres
from servers.staff import PASSWORD


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    with postgres() as server:
        yield server.database()


@contextmanager
def _server(folder: Path, url: str) -> Iterator[tuple[httpx.Client, dict[str, Any]]]:
    ring = str(folder.with_name("keys.json"))
    started = start(folder, CASTCORE_DATABASE_URL=url, CASTCORE_ROLE="web", CASTCORE_KEY_RING=ring)
    assert started.process.stdout is not None
    with closing(started.process.stdout):
        try:
            line = started.process.stdout.readline()
            assert line, started.log.read_text()
            ready = json.loads(line)
            with httpx.Client(base_url=f"{ready['address']}/api/v1", trust_env=False, timeout=20) as client:
                yield client, ready
        finally:
            started.process.kill()
            started.process.wait()


def _at_once(*calls: Any) -> list[httpx.Response]:
    with ThreadPoolExecutor(len(calls)) as threads:
        return [each.result() for each in [threads.submit(call) for call in calls]]


def _bearer(answer: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer['access_token']}"}


def test_two_servers_agree(tmp_path: Path, database_url: str) -> None:
    with ExitStack() as stack:
        (one, ready_one), (two, ready_two) = (
            stack.enter_context(_server(tmp_path / name, database_url)) for name in ("one", "two")
        )
        _make_the_first_admin(one, ready_one, two, ready_two)
        _keep_the_last_admin(one, two)
        _notice_a_used_token(one, two)


def _make_the_first_admin(one: httpx.Client, first: dict[str, Any], two: httpx.Client, second: dict[str, Any]) -> None:
    def make(client: httpx.Client, ready: dict[str, Any], name: str) -> httpx.Response:
        [announced] = [each for each in ready["announcements"] if each["code"] == "setup.token"]
        body = {"username": name, "password": PASSWORD, "token": announced["params"]["token"]}
        return client.post("/setup/step/admin", json=body)

    answers = _at_once(partial(make, one, first, "anna"), partial(make, two, second, "Anna"))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [refused] = [answer for answer in answers if answer.status_code == 409]
    assert refused.json()["error"]["code"] in ("setup.already_completed", "conflict.duplicate")


def _login(client: httpx.Client, name: str) -> dict[str, Any]:
    answer = client.post("/auth/login", json={"username": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _set_role(client: httpx.Client, tokens: dict[str, Any], user_id: str, role: str) -> httpx.Response:
    return client.patch(f"/users/{user_id}", json={"role": role}, headers=_bearer(tokens))


def _keep_the_last_admin(one: httpx.Client, two: httpx.Client) -> None:
    body = {"username": "bert", "password": PASSWORD, "role": "admin"}
    one.post("/users", json=body, headers=_bearer(_login(one, "anna")))
    for _ in range(4):
        anna, bert = _login(one, "anna"), _login(two, "bert")
        answers = _at_once(
            partial(_set_role, one, anna, bert["user"]["id"], "viewer"),
            partial(_set_role, two, bert, anna["user"]["id"], "viewer"),
        )
        assert sorted(answer.status_code for answer in answers) in ([200, 401], [200, 403], [200, 409])
        winner, loser = ("anna", bert) if answers[0].status_code == 200 else ("bert", anna)
        tokens = _login(two, winner)
        admins = one.get("/users?role=admin", headers=_bearer(tokens)).json()["items"]
        assert [user["username"].lower() for user in admins] == [winner]
        assert _set_role(one, tokens, loser["user"]["id"], "admin").status_code == 200


def _notice_a_used_token(one: httpx.Client, two: httpx.Client) -> None:
    tokens = _login(one, "anna")
    body = {"refresh_token": tokens["refresh_token"]}
    answers = _at_once(*[partial(client.post, "/auth/refresh", json=body) for client in (one, two, one, two)])
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
    assert one.get("/auth/me", headers=_bearer(tokens)).json()["error"]["code"] == "auth.session_ended"
