"""Quiet hours, also where the clock jumps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from castcore_core.notifications.quiet import QuietHours

NIGHT = {"from": "22:00", "to": "07:00", "timezone": "Europe/Berlin"}


def until(hours: dict[str, Any], moment: str) -> str | None:
    found = QuietHours.model_validate(hours).until(datetime.fromisoformat(moment))
    return None if found is None else found.astimezone(UTC).strftime("%m-%dT%H:%MZ")


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2026-01-10T20:59:59+00:00", None),
        ("2026-01-10T21:00:00+00:00", "01-11T06:00Z"),
        ("2026-01-11T05:59:59+00:00", "01-11T06:00Z"),
        ("2026-01-11T06:00:00+00:00", None),
        ("2026-07-10T20:00:00+00:00", "07-11T05:00Z"),
        ("2026-07-11T04:59:59+00:00", "07-11T05:00Z"),
        # 29 March: 02:00 becomes 03:00, the night is an hour shorter.
        ("2026-03-28T21:30:00+00:00", "03-29T05:00Z"),
        ("2026-03-29T05:00:00+00:00", None),
        # 25 October: 03:00 becomes 02:00, the night is an hour longer.
        ("2026-10-24T20:00:00+00:00", "10-25T06:00Z"),
        ("2026-10-25T05:30:00+00:00", "10-25T06:00Z"),
    ],
)
def test_over_midnight(moment: str, end: str | None) -> None:
    assert until(NIGHT, moment) == end


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        # The hour from 02:00 to 03:00 comes twice: it is quiet once, and never begins again.
        ("2026-10-24T23:59:00+00:00", None),
        ("2026-10-25T00:00:00+00:00", "10-25T00:30Z"),
        ("2026-10-25T00:29:00+00:00", "10-25T00:30Z"),
        ("2026-10-25T00:30:00+00:00", None),
        ("2026-10-25T01:15:00+00:00", None),
        # The hour from 02:00 to 03:00 is left out: what it would have held is quiet after the jump.
        ("2026-03-29T00:59:00+00:00", None),
        ("2026-03-29T01:00:00+00:00", "03-29T01:30Z"),
        ("2026-03-29T01:30:00+00:00", None),
    ],
)
def test_hours_that_come_twice_or_not_at_all(moment: str, end: str | None) -> None:
    assert until({"from": "02:00", "to": "02:30", "timezone": "Europe/Berlin"}, moment) == end


def test_far_from_greenwich() -> None:
    hours = {"from": "09:00", "to": "17:00", "timezone": "Pacific/Auckland"}
    assert until(hours, "2026-06-01T21:30:00+00:00") == "06-02T05:00Z"
    assert until(hours, "2026-06-01T20:59:00+00:00") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"from": "22:00", "to": "22:00"},
        {"from": "22:00:30"},
        {"from": "22:00Z"},
        {"from": "25:00"},
        {"timezone": "Mars/Olympus"},
        {"days": [1]},
    ],
)
def test_hours_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        QuietHours.model_validate(NIGHT | wrong)
