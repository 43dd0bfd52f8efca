"""A page outlives its server: it says that it is blind, and sees again by itself."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import expect

from servers.browser import Looker, site
from servers.castcore import server as serving

_LOST = ("ERR_CONNECTION_REFUSED", "WebSocket")


def test_the_server_goes_and_comes_back(browser: Looker, tmp_path: Path) -> None:
    with site(tmp_path / "data") as first:
        port = str(urlsplit(first.address).port)
        first.post("/stream-jobs", {"name": "Any", "source": {"kind": "test", "width": 320, "height": 180}})
        with browser.window(first.address, cookies=first.cookies, expected=_LOST) as window:
            page = window.page
            page.goto("/")
            expect(page.locator("html")).to_have_attribute("data-live", "on")
            first.process.stop()
            expect(page.get_by_text("No connection to the server.")).to_be_visible()
            page.get_by_role("button", name="Start Any").click()
            expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
            window.shot("outage")
            with serving(tmp_path / "data", CASTCORE_PORT=port):
                expect(page.get_by_text("No connection to the server.")).to_be_hidden(timeout=30_000)
                expect(page.locator("html")).to_have_attribute("data-live", "on")
                first.client.get("/api/v1/auth/me").raise_for_status()
                for job in first.client.get("/api/v1/stream-jobs").json()["items"]:
                    first.client.delete(f"/api/v1/stream-jobs/{job['id']}?force=true").raise_for_status()
