"""A page whose script is still on its way: its buttons wait, so that no click is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from castcore_core.accounts.role import Role
from servers.browser import Looker, Site
from servers.staff import staffed

_BUTTON = re.compile(r"<form\b[^>]*>|</form>|<button\b[^>]*>")


async def test_every_button_waits_but_those_of_plain_forms(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        admin = await staff.page(Role.ADMIN)
        job = await admin("POST", "/stream-jobs", {"name": "J", "source": {"kind": "ingest"}})
        pages = ["/", "/jobs", "/jobs/new", f"/jobs/{job.body['id']}", "/account", "/account/tokens", "/assets"]
        for path in (*pages, "/destinations/new", "/settings", "/plugins", "/media", "/audit", "/platforms/new"):
            found, form = 0, ""
            for tag in _BUTTON.findall(str((await admin("GET", path, base="")).body)):
                form = tag if tag.startswith("<form") else "" if tag == "</form>" else form
                if tag.startswith("<button"):
                    found += 1
                    assert " disabled" in tag or 'method="get"' in form, (path, tag)
            assert found, path


@pytest.mark.parametrize("button", ["Start", "Check now"])
def test_a_click_before_the_script_is_there_is_not_lost(browser: Looker, server: Site, button: str) -> None:
    source = {"kind": "test", "width": 320, "height": 180, "fps": 10}
    folder = str(server.process.log.parent / f"early-{button[:5]}")
    place = server.post("/destinations", {"name": f"Early {button}", "type": "hls", "config": {"folder": folder}})["id"]
    outputs = [{"destination_id": place}]
    job = server.post("/stream-jobs", {"name": f"Early {button}", "source": source, "outputs": outputs})["id"]
    held: list[Route] = []
    with browser.window(server.address, cookies=server.cookies) as window:
        page = window.page
        page.route(re.compile(r"/static/dist/job\.js"), lambda route: held.append(route))
        page.goto(f"/jobs/{job}", wait_until="commit")
        early = page.get_by_role("button", name=button, exact=True)
        expect(early).to_be_disabled()
        expect(early).to_have_css("cursor", "progress")
        expect(early).to_have_css("opacity", "0.55")
        with page.expect_response(lambda answer: answer.request.method == "POST" and job in answer.url) as answered:
            for route in held:
                route.continue_()
            early.click()  # waits for its button, as a person would
        assert answered.value.ok
    server.client.delete(f"/api/v1/stream-jobs/{job}?force=true")
