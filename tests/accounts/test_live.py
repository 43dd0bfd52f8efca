"""Against a real server process: sessions end on open channels, secrets stay out of the log, and what a call costs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from castcore_core.accounts.command import create_user
from servers.castcore import ServerProcess, backends, server
from servers.staff import PASSWORD

_ADMIN, _OPERATOR, _VIEWER = "anna", "olga", "vera"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[ServerProcess]:
    folder = tmp_path / "data"
    chosen = {name.removeprefix("CASTCORE_").lower(): value for name, value in backends(folder).items()}
    for name, role in ((_ADMIN, "admin"), (_OPERATOR, "operator"), (_VIEWER, "viewer")):
        create_user({"data_dir": folder, **chosen}, name, PASSWORD, role)
    with server(folder) as started:
        yield started


class Program:
    """A program that has signed in."""

    def __init__(self, running: ServerProcess, name: str) -> None:
        self.http = httpx.Client(base_url=f"{running.address}/api/v1", trust_env=False, timeout=10)
        answer = self.http.post("/auth/login", json={"username": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()
        self.id = self.tokens["user"]["id"]
        self.http.headers["Authorization"] = f"Bearer {self.tokens['access_token']}"

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def channel(self, running: ServerProcess) -> connect:
        ticket = self.http.post("/auth/ws-ticket").json()["ticket"]
        return connect(f"{running.socket_address}/api/v1/ws/system?ticket={ticket}")


async def _closed_within(connection: ClientConnection, seconds: float) -> int | None:
    try:
        async with asyncio.timeout(seconds):
            while True:
                await connection.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


@pytest.mark.parametrize("how", ["logout", "session deleted", "disabled", "demoted", "deleted", "refresh token reused"])
async def test_open_channels_close_within_seconds_when_the_session_ends(running: ServerProcess, how: str) -> None:
    with Program(running, _ADMIN) as admin, Program(running, _OPERATOR) as operator:
        async with operator.channel(running) as connection:
            await connection.recv()
            began = time.monotonic()
            if how == "logout":
                operator.http.post("/auth/logout")
            elif how == "session deleted":
                [session] = operator.http.get("/auth/sessions").json()["items"]
                operator.http.delete(f"/auth/sessions/{session['id']}")
            elif how == "disabled":
                admin.http.patch(f"/users/{operator.id}", json={"enabled": False})
            elif how == "demoted":
                admin.http.patch(f"/users/{operator.id}", json={"role": "viewer"})
            elif how == "deleted":
                admin.http.delete(f"/users/{operator.id}")
            else:
                for _ in range(2):
                    operator.http.post("/auth/refresh", json={"refresh_token": operator.tokens["refresh_token"]})
            assert await _closed_within(connection, 5) == 4401
            assert time.monotonic() - began < 3


async def test_a_used_ticket_opens_nothing(running: ServerProcess) -> None:
    with Program(running, _VIEWER) as viewer:
        ticket = viewer.http.post("/auth/ws-ticket").json()["ticket"]
        address = f"{running.socket_address}/api/v1/ws/system?ticket={ticket}"
        async with connect(address) as connection:
            await connection.recv()
        with pytest.raises(InvalidStatus) as refused:
            async with connect(address):
                pass
        assert refused.value.response.status_code == 401


def test_no_secret_is_in_the_log_or_in_an_answer(running: ServerProcess, tmp_path: Path) -> None:
    said: list[str] = []
    with Program(running, _ADMIN) as admin:
        canary = "canary-" + "s3cret" * 3
        calls = [
            ("POST", "/users", {"username": "new", "password": canary}),
            ("POST", "/users", {"username": canary, "password": canary, "role": canary}),
            ("POST", "/auth/login", {"username": "anna", "password": canary}),
            ("POST", "/auth/login", {"username": "anna", "password": {"x": canary}}),
            ("POST", "/auth/password", {"current": canary, "new": canary}),
            ("POST", "/auth/refresh", {"refresh_token": canary}),
            ("POST", "/auth/2fa/setup", {"password": canary, "totp": canary}),
            ("POST", "/auth/2fa/verify", {"code": canary}),
            ("POST", "/auth/tokens", {"name": "robot", "scopes": [canary], "password": canary}),
            ("PATCH", "/settings", {"oidc_client_secret": canary, "audit_days": canary}),
            ("PATCH", "/settings", {"oidc_client_secret": canary}),
            ("GET", "/settings", None),
            ("GET", "/audit?limit=500", None),
        ]
        said += [admin.http.request(method, path, json=body).text for method, path, body in calls]
        said.append(admin.http.get("/auth/me", headers={"Authorization": f"Bearer {canary}"}).text)
        said.append(admin.http.get("/auth/me", headers={"Cookie": f"castcore_session={canary}"}).text)
        tokens = [admin.tokens["access_token"], admin.tokens["refresh_token"]]
    running.stop()
    log = running.log.read_text()
    for secret in (canary, PASSWORD, *tokens):
        assert secret not in log
        assert [text for text in said if secret in text and '"username":"canary' not in text] == []
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert canary.encode() not in stored


def test_the_account_survives_a_kill(running: ServerProcess, tmp_path: Path) -> None:
    with Program(running, _ADMIN) as admin:
        tokens = admin.tokens
    running.stop(9)
    with server(tmp_path / "data") as again:
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert httpx.get(f"{again.address}/api/v1/auth/me", headers=headers, trust_env=False).status_code == 200


def test_asking_who_i_am_costs_little(running: ServerProcess) -> None:
    process = psutil.Process(running.process.pid)
    with Program(running, _VIEWER) as viewer:
        for _ in range(100):
            viewer.http.get("/auth/me")
        rounds = []
        for _ in range(3):
            before = process.cpu_times()
            for _ in range(200):
                assert viewer.http.get("/auth/me").status_code == 200
            after = process.cpu_times()
            rounds.append((after.user + after.system - before.user - before.system) / 200)
    print(f"GET /auth/me: {min(rounds) * 1000:.2f} ms CPU")
    assert min(rounds) <= 0.0025
