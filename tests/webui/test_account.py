"""Signing in with a second factor, preferences, and what each role sees."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import expect

from servers.browser import PASSWORD, Looker, Site, Window


@pytest.fixture
def window(browser: Looker, server: Site) -> Iterator[Window]:
    with browser.window(server.address, expected=("status of 401", "status of 403", "WebSocket")) as opened:
        yield opened


def sign_in(window: Window, name: str) -> None:
    window.page.goto("/login")
    window.page.get_by_label("User name").fill(name)
    window.page.get_by_label("Password").fill(PASSWORD)
    window.page.get_by_role("button", name="Sign in").click()


def add(server: Site, name: str, role: str) -> None:
    server.post("/users", {"username": name, "password": PASSWORD, "role": role})


def test_a_second_factor_is_set_up_and_asked_for(window: Window, server: Site) -> None:
    add(server, "Careful", "operator")
    page = window.page
    sign_in(window, "Careful")
    expect(page).to_have_url(re.compile("/$"))
    page.goto("/account")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Set up").click()
    expect(page.locator("#factor_secret")).not_to_be_empty()
    secret = page.locator("#factor_secret").inner_text().replace(" ", "")
    expect(page.get_by_role("img", name="QR code for the authenticator app")).to_be_visible()
    window.shot("second-factor-setup")
    page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Switch on").click()
    codes = page.locator("#recovery li")
    expect(codes.first).to_be_visible()
    recovery = codes.first.inner_text()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/login$"))

    expect(page.get_by_label("Code")).to_be_hidden()
    sign_in(window, "Careful")
    expect(page.get_by_role("alert")).to_contain_text("Please enter the code")
    expect(page.get_by_label("Code")).to_be_focused()
    window.shot("second-factor")
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_language_and_colours_are_a_persons_own(window: Window, server: Site) -> None:
    add(server, "Jürgen", "viewer")
    page = window.page
    sign_in(window, "Jürgen")
    expect(page).to_have_url(re.compile("/$"))
    page.goto("/account")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_label("Language").select_option("de")
    page.get_by_label("Colours").select_option("dark")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Einstellungen")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.goto("/jobs")
    expect(page.get_by_role("heading", name="Noch keine Aufträge")).to_be_visible()


def test_a_viewer_is_offered_nothing_that_would_be_refused(window: Window, server: Site) -> None:
    add(server, "Watcher", "viewer")
    source = {"kind": "test", "width": 320, "height": 180}
    job = server.post("/stream-jobs", {"name": "Only to look at", "source": source})["id"]
    page = window.page
    sign_in(window, "Watcher")
    expect(page.get_by_role("link", name="Only to look at")).to_be_visible()
    for path in ("/", "/jobs", f"/jobs/{job}", "/destinations", "/profiles", "/plugins"):
        page.goto(path)
        expect(page.get_by_role("heading").first).to_be_visible()
        for name in ("Start", "Stop", "Pause", "Delete", "Disable", "Edit", "New", "Check now"):
            assert page.locator("button:visible, a.button:visible", has_text=re.compile(f"^{name}")).count() == 0, path
    server.client.delete(f"/api/v1/stream-jobs/{job}")


def test_a_session_that_ends_leads_to_the_sign_in(window: Window, server: Site) -> None:
    add(server, "Leaver", "operator")
    page = window.page
    sign_in(window, "Leaver")
    expect(page).to_have_url(re.compile("/$"))
    page.goto("/jobs")
    found = server.client.get("/api/v1/users?q=Leaver").json()["items"][0]["id"]
    server.client.patch(f"/api/v1/users/{found}", json={"enabled": False}).raise_for_status()
    page.goto("/jobs")
    expect(page).to_have_url(re.compile(r"/login\?next=/jobs$"))
