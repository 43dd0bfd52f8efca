"""A form asks for a secret again where it would go to another place."""

from __future__ import annotations

from playwright.sync_api import expect

from servers.browser import Looker, Site


def test_a_moved_destination_asks_for_its_key_at_the_field(browser: Looker, server: Site) -> None:
    config = {"url": "rtmp://127.0.0.1:1/live", "stream_key": "not-a-real-key-0815", "password": "no-real-password"}
    made = server.post("/destinations", {"name": "Moved", "type": "rtmp", "config": config})
    refused = ("status of 422",)
    with browser.window(server.address, cookies=server.cookies, expected=refused) as window:
        page = window.page
        page.goto(f"/destinations/{made['id']}")
        page.locator("[data-path='config.url'] input").fill("rtmp://127.0.0.1:2/live")
        page.get_by_role("button", name="Save").click()
        key, password = (
            page.get_by_label("Stream key"),
            page.locator("[data-path='config.password'] input[type=password]"),
        )
        for field in (key, password):
            expect(field).to_have_attribute("aria-invalid", "true")
        expect(page.locator("[data-path='config.stream_key'] .fault")).to_contain_text("enter it again")
        expect(password).to_be_visible()  # it is one of those that are folded away
        key.fill("not-a-real-key-0816")
        password.fill("another-password")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/destinations")
    kept = server.client.get(f"/api/v1/destinations/{made['id']}").json()["config"]
    assert (kept["url"], kept["stream_key"]) == ("rtmp://127.0.0.1:2/live", "••••0816")
