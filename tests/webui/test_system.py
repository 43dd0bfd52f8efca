"""What admins set up: who is told, accounts, settings, users, and what was done."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from servers.browser import PASSWORD, Looker, Site


def test_a_target_of_notifications_is_made_with_the_events_it_wants(browser: Looker, server: Site) -> None:
    with browser.window(server.address, cookies=server.cookies, expected=("status of 4", "status of 5")) as window:
        page = window.page
        page.goto("/notifications/new")
        page.get_by_label("Name (required)").fill("Duty phone")
        page.get_by_label("Address (required)").fill("https://hooks.invalid/duty")
        page.get_by_label("Secret (required)").fill("canary-of-the-webhook-1")
        page.get_by_label("From level").select_option("error")
        page.get_by_label("Everything").uncheck()
        page.get_by_label("Jobs", exact=True).check()
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/notifications")
        row = page.get_by_role("row", name=re.compile("Duty phone"))
        expect(row).to_contain_text("Jobs · from level")
        row.get_by_role("link").click()
        page.get_by_role("button", name="Send a test").click()
        expect(page.locator("#checks li")).to_have_attribute("data-level", "red")
        assert "canary-of-the-webhook" not in page.content()
    kept = next(
        each for each in server.client.get("/api/v1/notifications").json()["items"] if each["name"] == "Duty phone"
    )
    assert (kept["events"], kept["min_level"]) == (["job.*"], "error")


def test_an_account_is_registered_and_then_connected(browser: Looker, server: Site) -> None:
    with browser.window(server.address, cookies=server.cookies) as window:
        page = window.page
        page.goto("/platforms/new")
        page.get_by_label("Type (required)").select_option("youtube")
        expect(page.locator("#fields code")).to_contain_text("/api/v1/platforms/youtube/oauth/callback")
        page.get_by_label("Name (required)").fill("Second channel")
        page.get_by_label("Client ID (required)").fill("second.apps.example")
        page.get_by_label("Client secret").fill("canary-of-the-client")
        page.get_by_role("button", name="Save, then connect").click()
        page.wait_for_url(re.compile(r"/platforms/[0-9a-f-]{36}$"))
        expect(page.locator(".head .word")).to_have_text("Not connected")
        assert "canary-of-the-client" not in page.content()
        connect = page.get_by_role("link", name="Connect", exact=True).get_attribute("href") or ""
        answer = server.client.get(connect, follow_redirects=False, headers={"Accept": "text/html"})
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("https://accounts.google.com/")


def test_settings_are_changed_and_faults_are_told_at_their_fields(browser: Looker, server: Site) -> None:
    with browser.window(server.address, cookies=server.cookies, expected=("status of 422",)) as window:
        page = window.page
        page.goto("/settings")
        page.get_by_label("Name of this server").fill("Tower")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#said")).to_contain_text("Saved.")
        page.get_by_label("Time zone").fill("Mars/Olympus")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("[data-path=time_zone] .fault")).to_have_text("This time zone is not known.")
        page.reload()
        expect(page.locator(".brand")).to_have_text("Tower")
    server.client.patch("/api/v1/settings", json={"server_name": None}).raise_for_status()


def test_a_user_is_made_changed_and_removed(browser: Looker, server: Site) -> None:
    with browser.window(server.address, cookies=server.cookies) as window:
        page = window.page
        page.goto("/users/new")
        page.get_by_label("User name (required)").fill("nightshift")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_label("Role").select_option("operator")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/users")
        page.get_by_role("link", name="nightshift").click()
        page.get_by_label("Role").select_option("viewer")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/users")
        expect(page.get_by_role("row", name=re.compile("nightshift"))).to_contain_text("viewer")
        page.get_by_role("link", name="nightshift").click()
        page.get_by_role("button", name="Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        page.wait_for_url("**/users")
        expect(page.get_by_role("link", name="nightshift")).to_have_count(0)
        page.goto("/audit?action=users.*")
        expect(page.get_by_role("row", name=re.compile("users.deleted"))).to_have_count(1)


def test_who_only_looks_is_offered_nothing_to_change(browser: Looker, server: Site) -> None:
    server.post("/users", {"username": "looker", "password": PASSWORD, "role": "viewer"})
    with browser.window(server.address, expected=("status of 403",)) as window:
        page = window.page
        page.goto("/login")
        page.get_by_label("User name").fill("looker")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/")
        for path in ("/storage", "/platforms", "/notifications", "/media", "/system"):
            page.goto(path)
            expect(page.get_by_role("link", name=re.compile("^New "))).to_have_count(0)
        expect(page.get_by_role("link", name="Settings")).to_have_count(0)
        page.goto("/settings")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("form#form")).to_have_count(0)
