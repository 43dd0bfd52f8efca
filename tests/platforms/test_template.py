"""Placeholders: known ones are filled in, the others stay and are warned about."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from castcore_core.platforms.template import PLACEHOLDERS, Texts, Warned, resolve

VALUES = {"stream_title": "Morning", "date": "2026-07-01", "server_name": "Studio"}


def test_known_ones_are_filled_in() -> None:
    texts = Texts(
        title="{stream_title} on {date}",
        description="{category}: {tags} {server_name}",
        category="News",
        tags=["live", "{server_name}"],
    )
    done, warned = resolve(texts, VALUES)
    assert (done.title, done.description) == ("Morning on 2026-07-01", "News: live, Studio Studio")
    assert (list(done.tags), warned) == (["live", "Studio"], [])


def test_unknown_ones_stay_and_are_told_once_a_field() -> None:
    done, warned = resolve(Texts(title="{titel} {titel} {source_name}", description="{titel}"), VALUES)
    assert (done.title, done.description) == ("{titel} {titel} {source_name}", "{titel}")
    assert warned == [
        Warned("title", "titel", "unknown"),
        Warned("title", "source_name", "no_value"),
        Warned("description", "titel", "unknown"),
    ]


def test_values_are_not_read_again() -> None:
    done, warned = resolve(Texts(title="{stream_title}"), {"stream_title": "{date} {x}", "date": "now"})
    assert (done.title, warned) == ("{date} {x}", [])


def test_other_braces_are_text() -> None:
    text = "{} { date } {Date} {{date}} {date:%Y} {0} }{"
    done, warned = resolve(Texts(title=text), {"date": "now"})
    assert (done.title, warned) == (text.replace("{date}", "now"), [])


@given(st.text(max_size=200), st.dictionaries(st.sampled_from(PLACEHOLDERS), st.text(max_size=20)))
def test_whatever_is_written_comes_through(text: str, values: dict[str, str]) -> None:
    done, warned = resolve(Texts(title=text, description=text), values)
    assert done.title == done.description
    if "{" not in text:
        assert (done.title, warned) == (text, [])
