"""Every page, in both colour schemes and languages: names, labels, contrast, one heading, nothing cut off."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from servers.browser import Looker, Scheme, Site
from servers.media import Clips
from webui.scene import library

PAGES = (
    *(
        "/",
        "/jobs",
        "/jobs?q=nothing-has-this-name",
        "/jobs/new",
        "/jobs/{job}",
        "/jobs/{job}/edit",
        "/account",
        "/account/tokens",
    ),
    *("/destinations", "/destinations/new", "/destinations/{destination}", "/profiles", "/profiles/new", "/plugins"),
    *(
        "/system",
        "/storage",
        "/storage/new",
        "/storage/{storage}",
        "/storage/{storage}/browse",
        "/media",
        "/media/{media}",
    ),
    *("/platforms", "/platforms/new", "/platforms/{account}", "/notifications", "/notifications/new"),
    *("/assets", "/notifications/{target}", "/settings", "/users", "/users/new", "/audit"),
)

# After WCAG 2.2: 1.1.1, 1.3.1, 1.4.3, 2.4.2, 4.1.2.
_LOOK = """() => {
  const found = [], seen = new Set();
  const shown = (e) => e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length;
  const name = (e) => e.getAttribute("aria-label") || (e.getAttribute("aria-labelledby") || "").split(" ")
    .map((id) => document.getElementById(id)?.textContent || "").join("")
    || [...(e.labels || [])].map((l) => l.textContent).join("") || e.textContent;
  for (const e of document.querySelectorAll("[id]")) {
    if (seen.has(e.id)) found.push(`id twice: ${e.id}`);
    seen.add(e.id);
  }
  const named = "input, select, textarea, button, a[href], summary, meter, video, [role=img]";
  for (const e of document.querySelectorAll(named))
    if (shown(e) && !name(e).trim()) found.push(`no name: ${e.outerHTML.slice(0, 90)}`);
  for (const e of document.querySelectorAll("[aria-describedby], [aria-labelledby], label[for]"))
    for (const id of ((e.getAttribute("aria-labelledby") || "") + " " + (e.htmlFor || "")).split(" ").filter(Boolean))
      if (!document.getElementById(id)) found.push(`points nowhere: ${id}`);
  for (const e of document.querySelectorAll("img")) if (!e.hasAttribute("alt")) found.push(`no alt: ${e.src}`);
  const h1 = document.querySelectorAll("h1").length;
  if (h1 !== 1) found.push(`${h1} first headings`);
  if (!document.title.trim() || !document.documentElement.lang) found.push("no title or language");
  const rgb = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length && (c.length < 4 || c[3] > 0.99)) return c;
    }
    return [255, 255, 255];
  };
  const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (c) => c.slice(0, 3).map((v) => linear(v / 255))
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !shown(e) || e.closest("option, script, :disabled")) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push(`contrast ${ratio.toFixed(2)}: ${walker.currentNode.textContent.trim().slice(0, 40)}`);
  }
  const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (over > 0) found.push(`${over} px too wide`);
  return [...new Set(found)];
}"""


@pytest.fixture(scope="module")
def places(server: Site, clips: Clips) -> dict[str, Any]:
    """Ids for the addresses, with a job on air that one destination does not take."""
    folder = server.process.log.parent / "accessible-hls"
    hls = server.post("/destinations", {"name": "Page", "type": "hls", "config": {"folder": str(folder)}})
    config = {"url": "rtmp://127.0.0.1:1/live", "stream_key": "not-a-real-key-0815"}
    away = server.post("/destinations", {"name": "Away with a name of some length", "type": "rtmp", "config": config})
    server.post("/ffmpeg-profiles", {"name": "360p", "video": {"height": 360}})
    source = {"kind": "test", "width": 320, "height": 180, "fps": 10}
    outputs = [{"destination_id": hls["id"]}, {"destination_id": away["id"]}]
    named = {"name": "AJobWhoseNameIsOneVeryLongWordWithoutAnyPlaceToBreakIt", "tags": ["weekly"]}
    job = server.post("/stream-jobs", {**named, "source": source, "outputs": outputs})
    server.post("/stream-jobs", {"name": "Resting", "source": {"kind": "ingest"}})
    server.post(f"/stream-jobs/{job['id']}/start")
    return {"job": job["id"], "destination": away["id"], **library(server, clips)}


def look(page: Page) -> list[str]:
    """Return what is wrong with the page, everything that can be opened being open."""
    page.evaluate("for (const e of document.querySelectorAll('details')) e.open = true")
    page.wait_for_load_state("networkidle") if page.locator("[aria-busy=true]").count() else None
    found: list[str] = page.evaluate(_LOOK)
    return found


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(1440, "light", "en"), (768, "dark", "de"), (360, "light", "de"), (360, "dark", "en")],
)
def test_every_page(
    browser: Looker, server: Site, places: dict[str, Any], width: int, scheme: Scheme, language: str
) -> None:
    server.client.patch("/api/v1/settings/me", json={"language": language}).raise_for_status()
    wrong = {}
    with browser.window(
        server.address, width=width, scheme=scheme, cookies=server.cookies, expected=("status of 404",)
    ) as window:
        for path in PAGES:
            window.page.goto(path.format(**places))
            expect(window.page.locator("html[data-ready=yes]")).to_be_attached()
            if found := look(window.page):
                wrong[path] = found
            name = path.partition("?")[0].strip("/").replace("/", "-").replace("{", "").replace("}", "") or "dashboard"
            window.shot(f"{name}-{width}-{scheme}-{language}")
    assert wrong == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sign_in(browser: Looker, server: Site, scheme: Scheme) -> None:
    with browser.window(server.address, width=360, scheme=scheme, language="de") as window:
        window.page.goto("/login")
        assert look(window.page) == []
        assert window.page.get_by_role("heading", name="Anmelden").is_visible()


def test_a_secret_is_never_shown_and_kept_when_left_empty(
    browser: Looker, server: Site, places: dict[str, Any]
) -> None:
    server.client.patch("/api/v1/settings/me", json={"language": "en"}).raise_for_status()
    path = f"/api/v1/destinations/{places['destination']}"
    with browser.window(server.address, cookies=server.cookies) as window:
        page = window.page
        page.goto(f"/destinations/{places['destination']}")
        key = page.get_by_label("Stream key")
        assert (key.get_attribute("type"), key.input_value()) == ("password", "")
        assert "••••0815" in (key.get_attribute("placeholder") or "")
        page.get_by_label("Name (required)").fill("Renamed")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/destinations")
        assert "not-a-real-key" not in page.content()
    kept = server.client.get(path).json()
    assert (kept["name"], kept["config"]["stream_key"]) == ("Renamed", "••••0815")
