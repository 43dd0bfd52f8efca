"""Words: every event in both languages, short enough, and without secrets."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pytest

from castcore_core.i18n import LANGUAGES, catalogue
from castcore_core.notifications.event import ENDINGS, EVENTS, Happening, Reason
from castcore_core.notifications.incident import Told
from castcore_core.notifications.text import Writer, duration, shortened
from castcore_core.secrets import scrubber
from castcore_sdk import LEVELS

WRITER = Writer(
    server="Studio",
    language="en",
    public_url="https://castcore.example",
    texts=lambda language: {"twitch.busy": {"message": f"Twitch is busy ({language})."}},
)


def told(event: str, *, reason: Reason | None = None, times: int = 1, seconds: float = 0.0, **params: str) -> Told:
    kind = EVENTS[event]
    values = dict.fromkeys(kind.params, "X") | params
    what = Happening(kind=kind, subject="1234/5678", params=values, reason=reason)
    return Told(key=uuid4(), what=what, times=times, seconds=seconds, ends=kind.over)


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_can_be_read_in_both_languages(event: str) -> None:
    kind = EVENTS[event]
    shown = []
    for language in LANGUAGES:
        texts = catalogue(language)[kind.text]
        used = set(re.findall(r"\{\{(\w+)\}\}", " ".join(texts.values())))
        assert used <= set(kind.params), f"{event}: {used - set(kind.params)} is never given"
        shown.append(WRITER.write(told(event), language, None))
    assert shown[0].title != shown[1].title
    assert all("{{" not in each.title + each.body for each in shown)


def test_every_topic_has_one_end() -> None:
    topics = {kind.topic for kind in EVENTS.values() if kind.topic}
    assert topics == set(ENDINGS)
    assert [kind.name for kind in EVENTS.values() if kind.over] == [kind.name for kind in ENDINGS.values()]


def test_a_message_says_what_why_and_what_to_do() -> None:
    down = told("output.down", job="Morning show", output="Twitch", reason=Reason(code="twitch.busy"))
    english, german = (WRITER.write(down, language, None) for language in LANGUAGES)
    assert english.title == "Studio: “Morning show” does not reach Twitch"
    assert english.body.splitlines() == [
        "The destination is tried again by itself; all others go on.",
        "Twitch is busy (en).",
    ]
    assert english.link == "https://castcore.example/jobs/1234"
    assert german.title == "Studio: „Morning show“ erreicht Twitch nicht"
    assert "Twitch is busy (de)." in german.body


def test_the_reasons_own_remedy_comes_first() -> None:
    reason = Reason(code="runner.no_output_up", params={"seconds": 30})
    body = WRITER.write(told("job.failed", reason=reason), "en", None).body
    assert "No destination could be reached within 30 s." in body
    assert body.endswith(catalogue("en")["runner.no_output_up"]["remedy"])


def test_how_often_and_how_long() -> None:
    assert "It lasted 3 min." in WRITER.write(told("output.up", seconds=190), "en", None).body
    assert (
        "It was so 50 times in 1 h 05 min." in WRITER.write(told("output.up", times=50, seconds=3900), "en", None).body
    )
    assert (
        "It has happened 7 times in 20 s so far."
        in WRITER.write(told("output.down", times=7, seconds=20), "en", None).body
    )
    assert "This has happened 4 more times since." in WRITER.write(told("job.started", times=4), "en", None).body
    assert [duration(each) for each in (0.2, 59.4, 60, 3599, 3600, 90_000)] == [
        "1 s",
        "59 s",
        "1 min",
        "1 h 00 min",
        "1 h 00 min",
        "25 h 00 min",
    ]


def test_it_is_as_short_as_it_has_to_be() -> None:
    long = told("output.down", reason=Reason(code="unknown.code", params={"text": "y" * 20_000}), job="j" * 500)
    words = WRITER.write(long, "en", 100)
    assert (len(words.title), len(words.body), words.body[-1]) == (200, 100, "…")
    assert len(WRITER.write(long, "en", None).body) == 10_000
    assert shortened("abc", 3) == "abc"


def test_names_cannot_break_the_title_and_secrets_do_not_get_through() -> None:
    scrubber.add("canary-notification-7f3a9c")
    nasty = told(
        "output.down",
        job="a\r\nBcc: x@example.com\u2028\x1b[31m",
        output="canary-notification-7f3a9c",
        reason=Reason(code="x.y", params={"url": "https://h/canary-notification-7f3a9c"}),
    )
    words = WRITER.write(nasty, "en", None)
    assert words.title == "Studio: “a Bcc: x@example.com [31m” does not reach ••••"
    assert "canary" not in words.body


def test_without_a_public_address_there_is_no_link() -> None:
    nowhere = Writer(server="S", language="de", public_url=None, texts=lambda language: {})
    assert nowhere.write(told("job.failed"), None, None).link is None
    assert WRITER.write(told("disk.low"), "en", None).link is None
    assert "fehlgeschlagen" in nowhere.write(told("job.failed"), None, None).title


def test_the_table_of_the_documentation_is_the_table() -> None:
    page = (Path(__file__).parents[2] / "docs/explanation/notifications.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("| `")]
    rows = [row for row in ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines) if len(row) == 6]
    documented = [(row[0].strip("`"), row[1], row[2], row[4]) for row in rows]
    assert documented == [
        (
            kind.name,
            LEVELS[kind.severity],
            f"{kind.topic or '–'}{' (over)' if kind.over else ''}",
            ", ".join(kind.params) or "–",
        )
        for kind in EVENTS.values()
    ]
