"""What the engine tells, as pages and programs take it."""

from __future__ import annotations

import pytest

from castcore_core.engine.schemas import Verdict


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("https://watch.example/1", "https://watch.example/1"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//watch.example", None),
        (None, None),
    ],
)
def test_where_people_watch_is_an_address_of_the_web(said: str | None, shown: str | None) -> None:
    assert Verdict(code="platforms.live", watch_url=said).watch_url == shown
