"""Figures in the reader's language: what the server renders and what the scripts write is the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from castcore_webui.figure import NAMES, Figures
from castcore_webui.text import teller
from servers.browser import Looker, Site

TEXT_TS = Path(__file__).parents[2] / "webui/src/text.ts"


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [
        (0, "0", "0"),
        (999, "999", "999"),
        (1234567, "1,234,567", "1.234.567"),
        (-1234, "-1,234", "-1.234"),
        (1234.5, "1,234.5", "1.234,5"),
        (0.1234, "0.123", "0,123"),
        (30.0, "30", "30"),
        (100.0, "100", "100"),
    ],
)
def test_numbers(value: float, english: str, german: str) -> None:
    assert (Figures("en").count(value), Figures("de").count(value)) == (english, german)


def test_sizes_rates_and_lengths() -> None:
    german = Figures("de")
    assert [german.bytes(each) for each in (0, 999, 1000, 1_440_000, 123_456_789, 2_500_000_000)] == [
        *("0 B", "999 B", "1 kB", "1,4 MB", "123 MB", "2,5 GB"),
    ]
    assert [german.bitrate(each) for each in (128_000, 2_500_000)] == ["128 kbit/s", "2,5 Mbit/s"]
    assert [german.length(each) for each in (7, 4 * 3600 + 306, 3 * 86400 + 4 * 3600 + 300)] == [
        *("0:07", "4:05:06", "3 d 04:05"),
    ]
    assert (Figures("en").rate("30000/1001"), german.rate("30000/1001"), german.rate("25")) == ("29.97", "29,97", "25")


def test_sentences_write_figures_but_no_names() -> None:
    params = {"host": "nas", "port": 12049, "destination": "YouTube", "limit": 6_000_000, "value": 8_500_000}
    told = teller("de", None)
    assert "6.000.000 Bit/s" in told({"code": "preflight.over_video_bitrate", "params": params}).message
    assert "12049" in told({"code": "destinations.reachable", "params": params}).message
    assert "das 0,85-Fache" in told({"code": "health.slow_encoder", "params": {"speed": 0.85}}).message
    assert Figures("de").within({"on": True, "version": "1.5"}) == {"on": True, "version": "1.5"}


def test_the_scripts_leave_the_same_names_alone() -> None:
    (listed,) = re.findall(r"const names = new Set\(\[(.*?)\]\)", TEXT_TS.read_text(encoding="utf-8"))
    assert set(re.findall(r'"(\w+)"', listed)) == NAMES


@pytest.mark.parametrize(("language", "speed", "percent"), [("en", "1.25×", r"\d+%"), ("de", "1,25×", r"\d+\s%")])
def test_the_scripts_write_as_the_language_does(
    browser: Looker, server: Site, language: str, speed: str, percent: str
) -> None:
    server.client.patch("/api/v1/settings/me", json={"language": language}).raise_for_status()
    source = {"kind": "test", "width": 320, "height": 180}
    job = server.post("/stream-jobs", {"name": f"Figures {language}", "source": source})["id"]
    status = server.client.get(f"/api/v1/stream-jobs/{job}/status").json()
    status |= {"state": "degraded", "desired": "running", "bitrate": 1234.5, "dropped": 12345}
    status["encoder"] = {"fps": 29.97, "speed": 1.25}
    status["health"] = {"score": 80, "findings": [{"code": "health.slow_encoder", "params": {"speed": 0.85}}]}
    with browser.window(server.address, cookies=server.cookies) as window:
        page = window.page
        page.goto("/")
        expect(page.locator("[data-figure=cpu]")).to_have_text(re.compile(f"^{percent}$"))
        page.route_web_socket(re.compile("/ws/status"), lambda socket: socket.send(_frame(status)))
        page.goto(f"/jobs/{job}")
        expect(page.locator(".figures [data-live=speed]")).to_have_text(speed)
        expect(page.locator(".figures [data-live=bitrate]")).to_have_text(
            "1.2 Mbit/s" if language == "en" else "1,2 Mbit/s"
        )
        expect(page.locator(".figures [data-live=dropped]")).to_have_text("12,345" if language == "en" else "12.345")
        expect(page.locator("#reasons")).to_contain_text("0.85" if language == "en" else "0,85")
    server.client.patch("/api/v1/settings/me", json={"language": None}).raise_for_status()


def _frame(status: object) -> str:
    return json.dumps({"events": [{"seq": 1, "type": "status", "data": status}], "lost": 0})
