"""Chromium that looks at a server's pages; whatever the pages do wrong by themselves fails the test.

with browsing() as browser:
    with browser.window(address) as window: window.page.goto("/")
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from servers.castcore import ServerProcess, start

PASSWORD = "correct horse battery staple"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARTEFACTS = Path(__file__).parents[2] / "test-artefacts" / "pages"
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

Scheme = Literal["light", "dark"]


@dataclass
class Window:
    """A page, and what has gone wrong in it: faults of scripts, and what the content security policy has stopped."""

    page: Page
    faults: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    """Parts of console messages that belong to the test, such as a refusal that it provokes."""

    def listen(self) -> None:
        """Note what goes wrong."""
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("console", self._on_console)

    def shot(self, name: str) -> None:
        """Keep a picture among the test's artefacts."""
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(part in message.text for part in self.expected):
            self.faults.append(f"console: {message.text} ({message.location.get('url', '')})")


@dataclass
class Looker:
    """A browser."""

    browser: Browser

    @contextmanager
    def window(
        self,
        address: str,
        *,
        width: int = 1440,
        scheme: Scheme = "light",
        language: str = "en",
        cookies: list[Any] | None = None,
        expected: tuple[str, ...] = (),
    ) -> Iterator[Window]:
        """Open a window on a server; at its end nothing may have gone wrong in it."""
        context = self.browser.new_context(
            base_url=address, viewport={"width": width, "height": 900}, color_scheme=scheme, locale=language
        )
        context.set_default_timeout(20_000)
        context.add_cookies(cookies or [])
        window = Window(context.new_page(), expected=expected)
        window.listen()
        try:
            yield window
        except BaseException:
            window.shot(f"failed-{os.environ.get('PYTEST_CURRENT_TEST', 'test').split('::')[-1].split(' ')[0]}")
            raise
        finally:
            context.close()
        assert window.faults == []


@contextmanager
def browsing() -> Iterator[Looker]:
    """Start Chromium."""
    if not Path(CHROMIUM).exists():
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield Looker(browser)
        browser.close()


@dataclass
class Site:
    """A server with an admin who has signed in."""

    process: ServerProcess
    client: httpx2.Client

    @property
    def address(self) -> str:
        """Where it is."""
        return self.process.address

    @property
    def cookies(self) -> list[Any]:
        """The admin's session, for a window."""
        return [{"name": name, "value": value, "url": self.address} for name, value in self.client.cookies.items()]

    def post(self, path: str, body: Any = None) -> Any:
        """Call the API as the admin."""
        reply = (
            self.client.post(f"/api/v1{path}", json=body) if body is not None else self.client.post(f"/api/v1{path}")
        )
        assert reply.status_code < 300, reply.text
        return reply.json() if reply.content else None


@contextmanager
def bare_site(folder: Path) -> Iterator[tuple[ServerProcess, str]]:
    """Start a server that nobody has set up; gives the setup token too."""
    started = start(folder)
    try:
        assert started.process.stdout is not None
        line = started.process.stdout.readline()
        assert line, started.log.read_text()
        told = json.loads(line)
        started.address = told["address"]
        yield started, next(each["params"]["token"] for each in told["announcements"] if each["code"] == "setup.token")
    finally:
        started.process.kill()
        started.process.wait()
        if started.process.stdout:
            started.process.stdout.close()


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """Start a server that has been set up, with an admin ``admin``."""
    with bare_site(folder) as (process, token):
        headers = {"Origin": process.address}
        with httpx2.Client(base_url=process.address, headers=headers, timeout=30) as client:
            found = Site(process, client)
            admin = {"token": token, "username": "admin", "password": PASSWORD, "cookie": True}
            found.post("/setup/step/admin", admin)
            found.post("/setup/complete")
            yield found
            if process.process.poll() is None:
                _take_off_the_air(client)


def _take_off_the_air(client: httpx2.Client) -> None:
    """Stop every job and let go of every storage: runners and storage workers live on without their server."""
    jobs = [f"/api/v1/stream-jobs/{job['id']}" for job in client.get("/api/v1/stream-jobs?limit=500").json()["items"]]
    for job in jobs:
        client.post(f"{job}/stop")
    until = time.monotonic() + 15
    while any(client.get(f"{job}/status").json()["state"] != "stopped" for job in jobs) and time.monotonic() < until:
        time.sleep(0.1)
    for source in client.get("/api/v1/storage-sources?limit=500").json()["items"]:
        client.post(f"/api/v1/mounts/{source['id']}/unmount")
