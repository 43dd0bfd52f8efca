"""A server of its own process: home from the platform with a browser's real cookie rules, and killed in mid-renewal."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from castcore_core.accounts.role import Role
from castcore_core.db import utc_now
from castcore_core.platforms.models import PlatformAccount
from castcore_core.platforms.vault import tokens_of
from platforms.scene import CALLBACK, Stage, connected, with_provider
from servers.browser import PASSWORD, browsing, site
from servers.castcore import ServerProcess, running_core, start, wait_ready
from servers.oidc import SECRET, OpenIDProvider, openid_provider
from servers.platform import TYPE, install, register
from servers.relay import Answer, Asked, Relay, relay
from servers.staff import staffed

_MODULE = """
from castcore_sdk import hookimpl
from servers.platform import Stage, provider_at

class Here(Stage):
    oauth_provider = provider_at({issuer!r}, token_url={through!r} + "/token")
    api_url = {through!r}

@hookimpl
def castcore_register_destinations():
    return [Here]
"""


def _installed(folder: Path, issuer: str, through: str | None, patch: pytest.MonkeyPatch) -> None:
    """Make the platform a plugin of the servers that are started from now on."""
    install(folder, "stage_of_this_test")
    (folder / "stage_of_this_test.py").write_text(_MODULE.format(issuer=issuer, through=through or issuer))
    patch.setenv("PYTHONPATH", str(folder))


def test_a_browser_with_a_strict_cookie_comes_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # To a browser `localhost` and `127.0.0.1` are two sites, as CastCore and a platform are.
    back = f"http://localhost{CALLBACK}"
    with openid_provider(tmp_path, back, rotate=True, access=600, device=60) as provider:
        _installed(tmp_path / "plugins", provider.issuer, None, monkeypatch)
        with site(tmp_path / "data") as server, browsing() as browser:
            account = server.post(
                "/platform-accounts", {"name": "Main", "type": TYPE, "client_id": "castcore", "client_secret": SECRET}
            )
            ours = server.address.replace("127.0.0.1", "localhost")
            visited: list[tuple[str, bool]] = []
            with browser.window(ours, expected=("fonts.googleapis", "ERR_", "favicon", "404")) as window:
                page = window.page
                page.goto("/login")
                page.evaluate(
                    """async ([password]) => await fetch("/api/v1/auth/login", {method: "POST",
                    headers: {"Content-Type": "application/json"},
                    body: JSON.stringify({username: "admin", password, cookie: true})})""",
                    [PASSWORD],
                )
                [cookie] = [each for each in page.context.cookies() if each["name"] == "castcore_session"]
                assert cookie["sameSite"] == "Strict"
                page.on("response", lambda answer: _note(visited, answer, ours))
                page.goto(f"/api/v1/platforms/{TYPE}/oauth/start?account={account['id']}&return=/account")
                page.fill("input[name=login]", "anna")
                page.fill("input[name=password]", "any")
                page.click("button[type=submit]")
                page.click("button[type=submit]")
                page.wait_for_url("**/account?*")
                assert page.url == f"{ours}/account?connected={account['id']}"
                # Back leads to the platform, not to an address with a code in it.
                assert page.evaluate("performance.getEntriesByType('navigation').length") == 1
            arrivals = [sent for path, sent in visited if path == CALLBACK]
            assert arrivals == [False, True], "the Strict cookie came with our own page's question only"
            found = server.client.get(f"/api/v1/platform-accounts/{account['id']}").json()
            assert (found["state"], found["label"]) == ("connected", "Name anna")
            log = server.process.log.read_text()
            assert SECRET not in log
            assert "code=" not in log


def _note(visited: list[tuple[str, bool]], answer: Any, ours: str) -> None:
    if answer.url.startswith(ours):
        sent = "castcore_session" in answer.request.all_headers().get("cookie", "")
        visited.append((answer.url.removeprefix(ours).partition("?")[0], sent))


@dataclass
class Killed:
    """A server that is killed when the platform has answered, before it hears of it."""

    relay: Relay
    folder: Path
    account: str
    server: ServerProcess | None = None

    async def start(self) -> httpx.AsyncClient:
        """Start the server and return an admin's client."""
        self.server = start(self.folder)
        await asyncio.to_thread(wait_ready, self.server)
        address = self.server.address
        client = httpx.AsyncClient(base_url=f"{address}/api/v1", headers={"Origin": address}, timeout=40)
        login = {"username": "admin 1", "password": PASSWORD, "cookie": True}
        assert (await client.post("/auth/login", json=login)).status_code == 200
        return client

    def kill(self) -> None:
        assert self.server is not None
        os.kill(self.server.process.pid, signal.SIGKILL)
        self.server.process.wait()
        if self.server.process.stdout:
            self.server.process.stdout.close()

    async def run(self) -> None:
        """Let a server renew the token, and kill it in mid-answer."""
        over = asyncio.Event()

        async def meddle(asked: Asked, answer: Answer | None) -> Answer | None:
            if asked.path == "/token" and answer is not None and not over.is_set():
                assert answer[0] == 200, answer
                self.kill()
                over.set()
            return None

        self.relay.meddle = meddle
        self.server = start(self.folder)  # it renews by itself what has expired
        async with asyncio.timeout(20):
            await over.wait()
        self.relay.meddle = None


@asynccontextmanager
async def _to_be_killed(tmp_path: Path, provider: OpenIDProvider, patch: pytest.MonkeyPatch) -> AsyncIterator[Killed]:
    folder = tmp_path / "data"
    async with relay(provider.issuer) as before:
        _installed(tmp_path / "plugins", provider.issuer, before.address, patch)
        async with staffed(folder, CASTCORE_ROLE="web") as staff:
            register(staff.core, with_provider(Stage, provider.issuer, before))
            account = await connected(await staff.page(Role.ADMIN))
            await PlatformAccount.all().update(expires_at=utc_now() - timedelta(seconds=1))
        killed = Killed(before, folder, account["id"])
        try:
            yield killed
        finally:
            if killed.server is not None and killed.server.process.poll() is None:
                killed.kill()


async def test_a_kill_between_the_answer_and_its_keeping_costs_nothing_where_tokens_stay(
    tmp_path: Path, provider: OpenIDProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _to_be_killed(tmp_path, provider, monkeypatch) as killed:
        await killed.run()
        client = await killed.start()
        # The claim of the dead server holds until its request would have ended; then the next one asks.
        reply = await client.post(f"/platform-accounts/{killed.account}/test")
        await client.aclose()
        assert reply.json()["ok"] is True, reply.text
        assert len(killed.relay.to("/token")) >= 3


async def test_where_tokens_rotate_it_wants_a_person_and_says_so(
    tmp_path: Path, rotating: OpenIDProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _to_be_killed(tmp_path, rotating, monkeypatch) as killed:
        await killed.run()
        client = await killed.start()
        reply = await client.post(f"/platform-accounts/{killed.account}/test")
        assert reply.json()["checks"][0]["code"] == "platforms.reauthentication", reply.text
        shown = (await client.get(f"/platform-accounts/{killed.account}")).json()
        await client.aclose()
        assert (shown["state"], shown["params"]) == ("reauthentication", {"reason": "invalid_grant"})


async def test_no_secret_of_an_account_is_in_a_log_or_a_process(
    tmp_path: Path, provider: OpenIDProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _to_be_killed(tmp_path, provider, monkeypatch) as killed:
        client = await killed.start()
        assert (await client.post(f"/platform-accounts/{killed.account}/test")).json()["ok"] is True

        async def meddle(asked: Asked, answer: Answer | None) -> Answer | None:
            said = asked.headers.get("authorization", "").encode() + asked.body
            return (400 if asked.path == "/token" else 401), {"Content-Type": "application/json"}, said

        killed.relay.meddle = meddle  # a platform that says everything back
        await client.post(f"/platform-accounts/{killed.account}/test")
        await client.aclose()
        assert killed.server is not None
        pid = killed.server.process.pid
        commands = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
        killed.kill()
        async with running_core(killed.folder, CASTCORE_ROLE="web") as core:
            known = tokens_of(core.ring, await PlatformAccount.get(id=killed.account))
            assert known is not None
        log = killed.server.log.read_text() + "".join(
            each.read_text(errors="replace") for each in (killed.folder / "logs").rglob("*") if each.is_file()
        )
        for canary in (SECRET, *filter(None, known)):
            assert canary not in log
            assert canary.encode() not in commands
