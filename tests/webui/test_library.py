"""From a folder to a job on air: a storage is made, tried, scanned and browsed, and a file of it is streamed."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from servers.browser import Looker, Site
from servers.media import Clips
from webui.scene import folder, until


def test_a_storage_is_made_tried_and_scanned(browser: Looker, server: Site, clips: Clips) -> None:
    root = folder(server, clips, "made-by-hand")
    with browser.window(server.address, cookies=server.cookies) as window:
        page = window.page
        page.goto("/storage")
        page.get_by_role("link", name="New storage").first.click()
        page.get_by_label("Name (required)").fill("By hand")
        page.get_by_label("Type").select_option("local")
        page.get_by_label("Folder (required)").fill(str(root))
        page.get_by_role("button", name="Save").click()
        page.wait_for_url(re.compile(r"/storage/[0-9a-f-]{36}$"))
        page.get_by_role("button", name="Test").click()
        expect(page.locator("#checks li")).to_have_attribute("data-level", "green")
        page.get_by_role("button", name="Scan").click()
        expect(page.locator("section[aria-labelledby=scans-title] .word")).to_have_text("Done", timeout=30_000)
        page.get_by_role("link", name="Browse").click()
        expect(page.get_by_role("row", name=re.compile("opening.mp4"))).to_be_visible()


def test_a_file_of_the_library_is_streamed(browser: Looker, server: Site, clips: Clips) -> None:
    root = folder(server, clips, "to-stream")
    kept = server.post("/storage-sources", {"name": "Films", "type": "local", "config": {"root": str(root)}})["id"]
    server.post(f"/storage-sources/{kept}/scan")
    until(server, f"/storage-sources/{kept}/scans", lambda found: found["items"][0]["state"] == "done")
    hls = {"name": "Own page", "type": "hls", "config": {"folder": str(root.with_name("stream-hls"))}}
    server.post("/destinations", hls)
    with browser.window(server.address, cookies=server.cookies, expected=("status of 404", "status of 409")) as window:
        page = window.page
        page.goto(f"/media?source_id={kept}")
        broken = page.get_by_role("row", name=re.compile("broken.mp4"))
        expect(broken.locator(".word")).to_have_text("Unreadable")
        expect(broken.get_by_role("link", name="Stream broken.mp4")).to_have_count(0)
        page.get_by_role("link", name="Stream opening.mp4").click()
        expect(page.get_by_label("Kind of source")).to_have_value("media_item")
        expect(page.get_by_label("File (required)").locator("option:checked")).to_have_text("Films: opening.mp4")
        page.get_by_label("Name (required)").fill("From the library")
        page.get_by_label("Repeat endlessly").check()
        page.locator("#picks li", has_text="Own page").get_by_role("checkbox").check()
        page.get_by_role("button", name="Save").click()
        page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}$"))
        expect(page.locator("html[data-ready=yes]")).to_be_attached()
        page.get_by_role("button", name="Start").click()
        expect(page.locator("[data-live=state] .word").first).to_have_text("Running", timeout=30_000)
        page.goto(f"/storage/{kept}")
        for answer in ("Cancel", "Disconnect"):
            page.get_by_role("button", name="Disconnect").click()
            asked = page.get_by_role("dialog")
            expect(asked).to_contain_text("From the library")
            asked.get_by_role("button", name=answer).click()
        page.get_by_role("button", name="Connect", exact=True).click()
        expect(page.get_by_role("button", name="Disconnect")).to_be_visible()


def test_a_storage_that_cannot_be_reached_says_why(browser: Looker, server: Site) -> None:
    config = {"root": str(server.process.log.parent / "nowhere")}
    kept = server.post("/storage-sources", {"name": "Gone", "type": "local", "config": config})["id"]
    with browser.window(server.address, cookies=server.cookies, expected=("status of 4", "status of 5")) as window:
        page = window.page
        page.goto(f"/storage/{kept}")
        page.get_by_role("button", name="Test").click()
        line = page.locator("#checks li")
        expect(line).to_have_attribute("data-level", "red")
        expect(line.locator("strong")).not_to_have_text(re.compile(r"storage\."))
        page.goto(f"/storage/{kept}/browse")
        expect(page.locator(".notice[data-level=error]")).to_be_visible()


def test_a_slate_is_uploaded_and_refused_where_it_is_none(browser: Looker, server: Site, clips: Clips) -> None:
    with browser.window(server.address, cookies=server.cookies, expected=("status of 4",)) as window:
        page = window.page
        page.goto("/assets")
        page.get_by_label("File").set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"<html>"})
        page.get_by_role("button", name="Upload").click()
        expect(page.locator("#said .notice")).to_be_visible()
        page.get_by_label("File").set_input_files(clips["av"])
        page.get_by_role("button", name="Upload").click()
        expect(page.locator("[data-asset] video")).to_have_count(1)
        page.goto("/jobs/new")
        page.locator("#further summary").first.click()
        page.get_by_label("Picture or film").select_option(index=1)
        page.goto("/assets")
        page.locator("[data-asset] [data-do=delete]").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(page.locator("[data-asset]")).to_have_count(0)
