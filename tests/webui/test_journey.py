"""The way of an operator: from an empty server to a stream on air, through trouble, and off the air again."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from servers.browser import PASSWORD, Looker, Window, bare_site
from servers.nginx import NginxRtmp

_SECONDS = 30_000


def set_up(window: Window, token: str) -> None:
    page = window.page
    page.goto("/")
    expect(page).to_have_url(re.compile("/setup$"))
    window.shot("setup-language")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Setup token").fill(token)
    page.get_by_label("User name").fill("Ada")
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_label("Password again").fill("something else entirely")
    page.get_by_role("button", name="Create the admin").click()
    expect(page.get_by_role("alert")).to_contain_text("The two passwords differ.")
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Create the admin").click()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("button", name="Finish")).to_be_enabled(timeout=90_000)
    assert page.locator("#checks li").count() > 5
    window.shot("setup-check")
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("heading", name="No jobs yet")).to_be_visible()
    window.shot("dashboard-empty")


def sign_out_and_in(page: Page) -> None:
    page.goto("/jobs?q=sunday")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/login$"))
    page.goto("/jobs?q=sunday")
    page.get_by_label("User name").fill("Ada")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("User name or password is wrong.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/jobs\?q=sunday$"))


def make_job(window: Window, target: str, key: str, hls: Path) -> None:
    page = window.page
    page.goto("/jobs/new")
    page.get_by_label("Name (required)", exact=True).fill("Sunday service")
    page.get_by_label("Kind of source").select_option(label="Test picture")
    page.get_by_label("Width").fill("320")
    page.get_by_label("Height").fill("180")
    page.get_by_label("Frames per second").fill("15")

    page.get_by_role("button", name="New destination").click()
    dialog = page.get_by_role("dialog", name="New destination")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).not_to_be_empty()
    expect(dialog.locator("[aria-invalid]").first).to_be_focused()
    dialog.get_by_label("Name (required)", exact=True).fill("Platform")
    dialog.get_by_label("Server address").fill("http://nowhere.example/live")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_label("Server address")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Server address").fill(target)
    dialog.get_by_label("Stream key").fill(key)
    window.shot("new-destination")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("checkbox", name="Platform RTMP or RTMPS")).to_be_checked()

    page.get_by_role("button", name="New destination").click()
    dialog.get_by_label("Type").select_option(label="HLS folder")
    dialog.get_by_label("Name (required)", exact=True).fill("Own page")
    dialog.get_by_label("Folder").fill(str(hls))
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("checkbox", name="Own page HLS folder")).to_be_checked()
    window.shot("editor")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Sunday service")).to_be_visible()


def test_from_setup_to_air_and_back(browser: Looker, tmp_path: Path) -> None:
    refusals = ("status of 401", "status of 422", "status of 404", "status of 409")
    with (
        bare_site(tmp_path / "data") as (server, token),
        NginxRtmp(tmp_path / "nginx") as nginx,
        browser.window(server.address, expected=refusals) as window,
    ):
        page = window.page
        set_up(window, token)
        sign_out_and_in(page)
        target, _, key = nginx.url("canary-key-4711").rpartition("/")
        make_job(window, target, key, tmp_path / "hls")

        expect(page.locator("html[data-ready=yes]")).to_be_attached()
        page.get_by_role("button", name="Check now").click()
        expect(page.locator("#preflight-state")).to_contain_text(
            re.compile("Ready to start|Can start"), timeout=_SECONDS
        )
        window.shot("preflight")

        page.get_by_role("button", name="Start", exact=True).click()
        state = page.get_by_role("status").locator(".word")
        expect(state).to_have_text("Running", timeout=_SECONDS)
        platform = page.locator("tr[data-output]", has_text="Platform")
        expect(platform.locator(".word")).to_have_text("Running")
        expect(platform.locator("[data-live=bitrate]")).to_contain_text("kbit/s", timeout=_SECONDS)
        expect(page.locator("video")).to_have_attribute("data-status", "playing", timeout=_SECONDS)
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        window.shot("on-air")

        nginx.stop()
        expect(state).to_have_text("Degraded", timeout=_SECONDS)
        expect(page.locator("#reasons")).to_contain_text("The destination Platform is not being served.")
        expect(platform.locator(".why")).to_contain_text(re.compile("refuses the connection|closed|ended|lost"))
        window.shot("trouble")

        page.get_by_text("Commands").click()
        expect(page.locator("#command-list pre").first).to_contain_text("ffmpeg")
        page.get_by_label("Search the log").fill("no line has this in it")
        expect(page.locator("#log li:visible")).to_have_count(0)
        page.get_by_label("Search the log").fill("")
        page.get_by_label("From level").select_option("warning")
        expect(page.locator("#log li[data-level=info]:visible")).to_have_count(0)

        page.goto("/")
        attention = page.get_by_role("region", name="Needs attention")
        expect(attention.get_by_role("link", name="Sunday service")).to_be_visible()
        window.shot("dashboard-trouble")
        attention.get_by_role("button", name="Stop Sunday service").click()
        page.get_by_role("dialog").get_by_role("button", name="Stop").click()
        rest = page.get_by_role("region", name="Stopped")
        expect(rest.get_by_role("link", name="Sunday service")).to_be_visible(timeout=_SECONDS)
        expect(rest.get_by_role("button", name="Start Sunday service")).to_be_visible()
        window.shot("dashboard-stopped")
        assert "canary-key-4711" not in page.content()
