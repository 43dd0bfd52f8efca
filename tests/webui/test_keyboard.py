"""Everything can be done without a mouse, and one always sees where one is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from servers.browser import PASSWORD, Looker, Site

_FOCUS = """() => {
  const at = document.activeElement, style = getComputedStyle(at);
  return {name: at.getAttribute("aria-label") || at.innerText || at.name || at.id,
          ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2};
}"""


def walk(page: Page, to: str, *, most: int = 60) -> dict[str, Any]:
    """Press Tab until something of that name has the focus."""
    seen = []
    for _ in range(most):
        page.keyboard.press("Tab")
        at: dict[str, Any] = page.evaluate(_FOCUS)
        assert at["ring"] or at["name"] == "", f"no ring around {at['name']!r}"
        seen.append(at["name"])
        if at["name"] == to:
            return at
    raise AssertionError(f"{to!r} was not reached; seen: {seen}")


@pytest.fixture(scope="module")
def job(server: Site) -> str:
    """A job that can be started."""
    source = {"kind": "test", "width": 320, "height": 180, "fps": 10}
    folder = server.process.log.parent / "keyboard-hls"
    destination = server.post("/destinations", {"name": "Keys", "type": "hls", "config": {"folder": str(folder)}})
    made = server.post(
        "/stream-jobs", {"name": "By hand", "source": source, "outputs": [{"destination_id": destination["id"]}]}
    )
    return str(made["id"])


def test_signing_in(browser: Looker, server: Site) -> None:
    with browser.window(server.address) as window:
        page = window.page
        page.goto("/")
        page.keyboard.type("admin")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_the_first_tab_leads_past_the_navigation(browser: Looker, server: Site) -> None:
    with browser.window(server.address, cookies=server.cookies) as window:
        window.page.goto("/jobs")
        walk(window.page, "Skip to the content", most=1)
        window.page.keyboard.press("Enter")
        assert window.page.evaluate("document.activeElement.id") == "main"


def test_starting_and_stopping(browser: Looker, server: Site, job: str) -> None:
    with browser.window(server.address, cookies=server.cookies) as window:
        page = window.page
        page.goto("/jobs")
        walk(page, "Start By hand")
        page.keyboard.press("Enter")
        row = page.locator(f"tr[data-job='{job}']")
        expect(row.locator(".word")).to_have_text("Running", timeout=30_000)
        walk(page, "Stop By hand")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        assert page.evaluate("document.activeElement.innerText") == "Cancel", "the harmless answer comes first"
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(row.locator(".word")).to_have_text("Running")
        expect(page.get_by_role("button", name="Stop By hand")).to_be_focused()
        page.keyboard.press("Enter")
        walk(page, "Stop", most=2)
        page.keyboard.press("Enter")
        expect(row.locator(".word")).to_have_text("Stopped", timeout=30_000)


def test_the_log_can_be_scrolled(browser: Looker, server: Site, job: str) -> None:
    with browser.window(server.address, cookies=server.cookies) as window:
        window.page.goto(f"/jobs/{job}")
        expect(window.page.locator("#log")).to_have_attribute("tabindex", "0")


def test_a_form_goes_to_the_first_field_at_fault(browser: Looker, server: Site) -> None:
    with browser.window(server.address, cookies=server.cookies, expected=("status of 422",)) as window:
        page = window.page
        page.goto("/destinations/new")
        page.get_by_label("Name (required)").fill("No address")
        page.keyboard.press("Enter")
        field = page.get_by_label("Server address")
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile("."))
