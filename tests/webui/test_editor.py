"""The form of a job: what it keeps, what it shows once, and two people at the same time."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from servers.browser import Looker, Site


def test_the_key_of_an_ingest_is_shown_once(browser: Looker, server: Site) -> None:
    with browser.window(server.address, cookies=server.cookies) as window:
        page = window.page
        page.goto("/jobs/new")
        page.get_by_label("Name (required)").fill("From OBS")
        page.get_by_label("Kind of source").select_option(label="Push in")
        page.get_by_role("button", name="Save").click()
        dialog = page.get_by_role("dialog", name="Ready to receive")
        expect(dialog).to_be_visible()
        address, key = dialog.locator("dd code").all_inner_texts()
        assert re.fullmatch(r"rtmp://127\.0\.0\.1:\d+/live", address)
        assert len(key) >= 20
        window.shot("ingest-key")
        dialog.get_by_role("button", name="Done").click()
        expect(page.get_by_role("heading", name="From OBS")).to_be_visible()
        page.get_by_role("link", name="Edit").click()
        expect(page.get_by_label("Stream key")).to_have_attribute("placeholder", re.compile(f"••••{key[-4:]}"))
        assert key not in page.content()


def test_an_address_comes_back_without_its_secrets_and_stays(browser: Looker, server: Site) -> None:
    url = "rtmp://127.0.0.1:1/live/the-canary-key-9"
    job = server.post("/stream-jobs", {"name": "Pulled", "source": {"kind": "url", "url": url}})["id"]
    with browser.window(server.address, cookies=server.cookies) as window:
        page = window.page
        page.goto(f"/jobs/{job}/edit")
        assert page.get_by_label("Address").input_value() == "rtmp://127.0.0.1:1/live/••••ey-9"
        page.get_by_label("Name (required)").fill("Pulled and renamed")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Pulled and renamed")).to_be_visible()
        assert "the-canary" not in page.content()
    source = server.client.get(f"/api/v1/stream-jobs/{job}").json()["source"]
    assert source["url"] == "rtmp://127.0.0.1:1/live/••••ey-9"


def test_who_comes_second_is_told_and_loses_nothing_of_the_first(browser: Looker, server: Site) -> None:
    source = {"kind": "test", "width": 320, "height": 180}
    job = server.post("/stream-jobs", {"name": "Shared", "source": source})["id"]
    with browser.window(server.address, cookies=server.cookies, expected=("status of 412", "status of 409")) as window:
        page = window.page
        page.goto(f"/jobs/{job}/edit")
        server.client.patch(f"/api/v1/stream-jobs/{job}", json={"name": "By the first"}).raise_for_status()
        page.get_by_label("Name (required)").fill("By the second")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("Somebody else has changed this meanwhile.")
        assert page.get_by_label("Name (required)").input_value() == "By the second"
    assert server.client.get(f"/api/v1/stream-jobs/{job}").json()["name"] == "By the first"


def test_a_profile_is_made_on_the_way_and_sound_can_be_left_out(browser: Looker, server: Site) -> None:
    with browser.window(server.address, cookies=server.cookies) as window:
        page = window.page
        page.goto("/jobs/new")
        page.get_by_label("Name (required)").fill("Silent")
        page.get_by_label("Kind of source").select_option(label="Test picture")
        page.get_by_role("button", name="New profile").click()
        dialog = page.get_by_role("dialog", name="New profile")
        dialog.get_by_label("Name (required)").fill("180p silent")
        dialog.get_by_label("Height").fill("180")
        dialog.get_by_label("Sound").uncheck()
        expect(dialog.get_by_label("Channels")).to_be_hidden()
        dialog.get_by_role("button", name="Save").click()
        expect(page.get_by_label("Profile", exact=True).locator("option:checked")).to_have_text("180p silent")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Silent")).to_be_visible()
    (profile,) = server.client.get("/api/v1/ffmpeg-profiles?q=180p").json()["items"]
    assert (profile["video"]["height"], profile["audio"]) == (180, None)


def test_a_job_is_duplicated_and_deleted(browser: Looker, server: Site) -> None:
    source = {"kind": "test", "width": 320, "height": 180}
    job = server.post("/stream-jobs", {"name": "Original", "source": source})["id"]
    with browser.window(server.address, cookies=server.cookies) as window:
        page = window.page
        page.goto(f"/jobs/{job}")
        page.get_by_text("More", exact=True).click()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Delete")).to_be_hidden()
        page.get_by_text("More", exact=True).click()
        page.get_by_role("button", name="Duplicate").click()
        expect(page.get_by_label("Name (required)")).to_have_value(re.compile("^Original .+"))
        page.goto(f"/jobs/{job}")
        page.get_by_text("More", exact=True).click()
        page.get_by_role("button", name="Delete").click()
        dialog = page.get_by_role("dialog", name="Delete Original?")
        dialog.get_by_role("button", name="Delete").click()
        expect(page).to_have_url(re.compile("/jobs$"))
        expect(page.get_by_role("link", name="Original", exact=True)).to_have_count(0)
