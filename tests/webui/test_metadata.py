"""What viewers read at a platform is written on the page of a job."""

from __future__ import annotations

from playwright.sync_api import expect

from servers.browser import Looker, Site


def test_a_title_with_placeholders_is_kept_and_shown_as_viewers_read_it(browser: Looker, server: Site) -> None:
    config = {"stream_key": "canary-of-the-stream-key"}
    destination = server.post("/destinations", {"name": "Channel", "type": "youtube", "config": config})["id"]
    source = {"kind": "test", "width": 320, "height": 180}
    outputs = [{"destination_id": destination}]
    job = server.post("/stream-jobs", {"name": "Morning show", "source": source, "outputs": outputs})["id"]
    with browser.window(server.address, cookies=server.cookies, expected=("status of 422",)) as window:
        page = window.page
        page.goto(f"/jobs/{job}")
        expect(page.locator("html[data-ready=yes]")).to_be_attached()
        page.locator("#metadata summary", has_text="YouTube").click()
        expect(page.locator("#metadata .hint strong")).to_have_text("Morning show")
        page.get_by_label("Title").fill("{stream_title} – live")
        page.get_by_label("Tags").fill("news\nmorning")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#metadata .said")).to_contain_text("Saved.")
        expect(page.locator("#metadata .hint strong")).to_have_text("Morning show – live")
        page.get_by_label("Title").fill("{unknown_thing}")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#metadata .notice[data-level=warning]")).to_contain_text("unknown_thing")
        window.shot("metadata")
        assert "canary-of" not in page.content()
    kept = server.client.get(f"/api/v1/stream-jobs/{job}/metadata/youtube").json()
    assert (kept["title"], kept["tags"]) == ("{unknown_thing}", ["news", "morning"])
