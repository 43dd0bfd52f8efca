"""API tokens: made for a program, shown once, revoked."""

from __future__ import annotations

import re

import httpx2
import pyotp
import pytest
from playwright.sync_api import Page, expect

from castcore_webui.page.token import granted
from servers.browser import PASSWORD, Looker, Site


def ask_for(page: Page, name: str, *, password: str = PASSWORD) -> None:
    page.get_by_label("Name (required)").or_(page.get_by_label("Name", exact=True)).first.fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Create the token").click()


def status(server: Site, token: str, method: str = "GET", path: str = "/stream-jobs") -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx2.request(method, f"{server.address}/api/v1{path}", headers=headers, json={}).status_code


def test_a_token_is_made_shown_once_copied_and_revoked(browser: Looker, server: Site) -> None:
    with browser.window(server.address, cookies=server.cookies, expected=("status of 40", "status of 422")) as window:
        page = window.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto("/account")
        page.get_by_role("link", name="Manage the tokens").click()
        expect(page.get_by_role("heading", name="No tokens yet")).to_be_visible()
        ask_for(page, "Grafana", password="not mine")
        expect(page.locator("[data-path=password] .fault")).to_have_text("The password is wrong.")
        page.get_by_label("Only in chosen areas").check()
        ask_for(page, "Grafana")
        expect(page.locator("[data-path=scopes] .fault")).to_have_text("Please choose at least one.")
        page.get_by_label("Jobs", exact=True).select_option("read")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Create the token").click()
        dialog = page.get_by_role("dialog", name="Your new token")
        token = dialog.locator("code").inner_text()
        assert token.startswith("cc_")
        window.shot("token-made")
        page.keyboard.press("Escape")
        expect(dialog).to_be_visible()
        dialog.get_by_role("button", name="Copy Token").click()
        expect(dialog.get_by_role("status")).to_have_text("Copied.")
        assert page.evaluate("navigator.clipboard.readText()") == token
        assert (status(server, token), status(server, token, "POST"), status(server, token, path="/users")) == (
            *(200, 403),
            403,
        )
        dialog.get_by_role("button", name="Done").click()
        row = page.get_by_role("row", name=re.compile("Grafana"))
        expect(row).to_contain_text("Jobs: read")
        expect(row).to_contain_text("in 90 days")
        expect(row.locator("[data-label='Last used'] time")).to_be_visible()
        assert token not in page.content()
        row.get_by_role("button", name="Revoke Grafana").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        assert status(server, token) == 200
        row.get_by_role("button", name="Revoke Grafana").click()
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        expect(page.get_by_role("row", name=re.compile("Grafana"))).to_have_count(0)
    assert status(server, token) == 401


def test_without_the_clipboard_it_is_copied_all_the_same(browser: Looker, server: Site) -> None:
    with browser.window(server.address, cookies=server.cookies) as window:
        page = window.page
        page.context.grant_permissions(["clipboard-read"])
        page.add_init_script("Object.defineProperty(navigator.clipboard, 'writeText', {value: undefined})")
        page.goto("/account/tokens")
        ask_for(page, "Backup script")
        dialog = page.get_by_role("dialog", name="Your new token")
        dialog.get_by_role("button", name="Copy Token").click()
        expect(dialog.get_by_role("status")).to_have_text("Copied.")
        assert page.evaluate("navigator.clipboard.readText()") == dialog.locator("code").inner_text()


def test_the_second_factor_is_asked_for_where_there_is_one(browser: Looker, server: Site) -> None:
    server.post("/users", {"username": "Two", "password": PASSWORD, "role": "viewer"})
    with browser.window(server.address, expected=("status of 40",)) as window:
        page = window.page
        page.goto("/login")
        page.get_by_label("User name").fill("Two")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile("/$"))
        page.goto("/account")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Set up").click()
        expect(page.locator("#factor_secret")).not_to_be_empty()
        code = pyotp.TOTP(page.locator("#factor_secret").inner_text().replace(" ", ""))
        page.get_by_label("Code", exact=True).fill(code.now())
        page.get_by_role("button", name="Switch on").click()
        recovery = page.locator("#recovery li").first
        expect(recovery).to_be_visible()
        once = recovery.inner_text()
        page.goto("/account/tokens")
        ask_for(page, "Phone")
        expect(page.get_by_label("Code", exact=True)).to_be_focused()
        page.get_by_label("Code", exact=True).fill(once)
        page.get_by_role("button", name="Create the token").click()
        expect(page.get_by_role("dialog", name="Your new token")).to_be_visible()


@pytest.mark.parametrize(
    ("scopes", "shown"),
    [
        (["media:write", "media:read", "*:read"], [("*", "read"), ("media", "write")]),
        (["streams:read"], [("streams", "read")]),
        ([], []),
    ],
)
def test_of_each_area_the_most_is_shown(scopes: list[str], shown: list[tuple[str, str]]) -> None:
    assert granted(scopes) == shown
