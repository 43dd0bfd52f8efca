"""Few messages of many events, with a clock from outside."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from castcore_core.notifications.event import EVENTS, Happening, Reason
from castcore_core.notifications.incident import MOST, Incidents, Pace, Told, from_json, to_json

PACE = Pace(settle=30, window=60, again=900)


class Story:
    """Incidents with a clock that only the test moves."""

    def __init__(self) -> None:
        self.incidents = Incidents(PACE)
        self.now = 1_000_000.0

    def happens(self, event: str, subject: str = "j/o", code: str = "rtmp.refused") -> list[Told]:
        kind = EVENTS[event]
        params = dict.fromkeys(kind.params, "x")
        what = Happening(kind=kind, subject=subject, params=params, reason=Reason(code=code), at=self.now)
        return list(self.incidents.take(what, self.now))

    def passes(self, seconds: float) -> list[Told]:
        self.now += seconds
        return list(self.incidents.due(self.now))


@pytest.fixture
def story() -> Story:
    return Story()


def events(told: list[Told]) -> list[str]:
    return [each.what.kind.name for each in told]


def test_an_incident_is_told_when_it_begins_and_when_it_is_over(story: Story) -> None:
    (begin,) = story.happens("output.down")
    assert story.happens("output.down") == []
    assert story.passes(100) == []
    assert story.happens("output.up") == []
    assert story.passes(29) == []
    (end,) = story.passes(1)
    assert (begin.what.kind.name, end.what.kind.name, end.key == begin.key) == ("output.down", "output.up", True)
    assert (end.ends, end.times, end.seconds) == (True, 1, 100.0)
    assert story.passes(10_000) == []
    assert not story.incidents.open


def test_what_flaps_is_one_message_with_how_often(story: Story) -> None:
    told = story.happens("output.down")
    for _ in range(49):
        told += story.passes(0.6) + story.happens("output.up") + story.passes(0.6) + story.happens("output.down")
    told += story.happens("output.up") + story.passes(30)
    assert events(told) == ["output.down", "output.up"]
    assert (told[1].times, told[1].key) == (50, told[0].key)


def test_what_flaps_for_long_is_told_again_ever_more_rarely(story: Story) -> None:
    story.happens("output.down")
    told: list[tuple[float, int]] = []
    begun = story.now
    for _ in range(2 * 3600 // 10):
        story.happens("output.up")
        told += [(story.now - begun, each.times) for each in story.passes(5)]
        story.happens("output.down")
        told += [(story.now - begun, each.times) for each in story.passes(5)]
    assert [at // 60 for at, _ in told] == [15, 45, 105]
    assert told[0][1] == 91


def test_what_gets_worse_is_told_once_more_under_the_same_key(story: Story) -> None:
    told = story.happens("output.down") + story.happens("output.refused") + story.happens("output.down")
    told += story.happens("output.refused")
    assert events(told) == ["output.down", "output.refused"]
    assert len({each.key for each in told}) == 1


def test_good_news_without_bad_ones_are_no_news(story: Story) -> None:
    assert story.happens("output.up") == []
    assert story.passes(1000) == []


def test_subjects_do_not_mix(story: Story) -> None:
    told = story.happens("output.down", "j/1") + story.happens("output.down", "j/2") + story.happens("source.lost", "j")
    assert len({each.key for each in told}) == 3
    story.happens("output.up", "j/1")
    assert [each.what.subject for each in story.passes(30)] == ["j/1"]


def test_the_last_reason_is_the_one_that_is_told_again(story: Story) -> None:
    story.happens("output.down", code="rtmp.refused")
    story.happens("output.up")
    story.happens("output.down", code="rtmp.time_out")
    (again,) = story.passes(900)
    assert again.what.reason == Reason(code="rtmp.time_out")
    assert (again.times, again.ends) == (2, False)


def test_events_of_their_own_are_counted_within_the_window(story: Story) -> None:
    told = [each for _ in range(5) for each in story.happens("job.started", "j")]
    assert events(told) == ["job.started"]
    (more,) = story.passes(60)
    assert (more.times, more.key) == (4, told[0].key)
    assert story.passes(60) == []
    (later,) = story.happens("job.started", "j")
    assert later.key != told[0].key


def test_what_is_forgotten_ends_without_a_word(story: Story) -> None:
    for event, subject in (("output.down", "j/1"), ("source.lost", "j"), ("job.failed", "j"), ("output.down", "jj/1")):
        story.happens(event, subject)
    story.incidents.forget("j", but="job")
    assert list(story.incidents.open) == [("job", "j"), ("output", "jj/1")]
    assert story.incidents.changed["output", "j/1"] is None
    assert story.passes(10_000) == []


def test_next_due_is_when_something_is_due(story: Story) -> None:
    assert story.incidents.next_due() is None
    story.happens("output.down")
    assert story.incidents.next_due() is None
    story.happens("output.up")
    assert story.incidents.next_due() == story.now + 30
    story.happens("job.started", "j")
    assert story.incidents.next_due() == story.now + 30
    story.passes(30)
    assert story.incidents.next_due() == story.now + 30
    story.passes(30)
    assert story.incidents.next_due() is None


def test_an_incident_is_known_after_a_restart(story: Story) -> None:
    (begin,) = story.happens("output.down")
    kept = json.loads(json.dumps(to_json(story.incidents.open["output", "j/o"])))
    later = Story()
    incident = from_json(begin.key, "j/o", kept, PACE, later.now)
    assert incident is not None
    later.incidents.load(("output", "j/o"), incident)
    assert later.happens("output.down") == []
    later.happens("output.up")
    (end,) = later.passes(30)
    assert (end.key, end.what.params) == (begin.key, {"job": "x", "output": "x"})
    assert from_json(UUID(int=1), "x", kept | {"event": "unknown.event"}, PACE, 0.0) is None


@pytest.mark.parametrize("event", ["output.down", "job.started"])
def test_ten_thousand_subjects_take_bounded_memory(story: Story, event: str) -> None:
    def flood() -> Iterator[Any]:
        for number in range(10_000):
            yield from story.happens(event, f"j{number}/o")

    tracemalloc.start()
    count = sum(1 for _ in flood())
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 10_000
    assert len(story.incidents.open) <= MOST
    # What has to be removed from the database is remembered until it was: a name each.
    assert held < 16 << 20
