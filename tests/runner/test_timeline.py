"""The line of time, by value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from castcore_core.rtmp import TagKind
from castcore_core.runner.timeline import Timeline

VIDEO, AUDIO = TagKind.VIDEO, TagKind.AUDIO


def test_the_first_tag_is_at_zero_and_steps_are_kept() -> None:
    line = Timeline()
    assert [line.place(VIDEO, time, time / 1000) for time in (500, 533, 567, 600)] == [0, 33, 67, 100]


def test_a_new_segment_follows_as_far_behind_as_time_has_passed() -> None:
    line = Timeline()
    line.place(VIDEO, 0, 10.0)
    line.place(VIDEO, 40, 10.04)
    line.begin()
    assert line.place(VIDEO, 123_456, 12.04) == 2040
    assert line.place(AUDIO, 123_460, 12.05) == 2044


def test_a_gap_may_be_asked_for() -> None:
    line = Timeline()
    line.place(VIDEO, 0, 10.0)
    line.begin(gap_ms=20)
    assert line.place(VIDEO, 0, 10.6) == 20


def test_a_segment_at_the_same_moment_is_a_millisecond_later() -> None:
    line = Timeline()
    line.place(VIDEO, 40, 10.0)
    line.begin()
    assert line.place(VIDEO, 0, 10.0) == 1


def test_time_goes_on_over_the_wrap_at_32_and_at_31_bits() -> None:
    for limit in (2**32, 2**31):
        line, out = Timeline(), []
        for turn in range(10):
            out.append(line.place(VIDEO, (limit - 120 + turn * 40) % limit, turn * 0.04))
        assert out == [turn * 40 for turn in range(10)]


def test_audio_that_lags_behind_across_the_wrap_stays_in_step() -> None:
    line = Timeline()
    assert line.place(VIDEO, 2**32 - 10, 0.0) == 0
    assert line.place(VIDEO, 30, 0.04) == 40
    assert line.place(AUDIO, 2**32 - 5, 0.04) == 5
    assert line.place(VIDEO, 70, 0.08) == 80


def test_a_source_that_jumps_back_goes_on_from_where_it_was() -> None:
    line = Timeline()
    line.place(VIDEO, 100_000, 0.0)
    line.place(VIDEO, 100_040, 0.04)
    assert line.place(VIDEO, 0, 0.08) == 80
    assert line.place(AUDIO, 10, 0.08) == 90


def test_a_jump_ahead_that_no_waiting_explains_is_closed() -> None:
    line = Timeline()
    line.place(VIDEO, 0, 0.0)
    assert line.place(VIDEO, 3_600_000, 0.04) == 40
    assert line.place(VIDEO, 3_630_000, 30.04) == 30_040


def test_now_goes_on_with_the_clock() -> None:
    line = Timeline()
    assert line.now(5.0) == 0
    line.place(VIDEO, 0, 10.0)
    assert line.now(10.5) == 500


@given(
    st.lists(
        st.tuples(st.sampled_from(TagKind), st.integers(0, 2**32 - 1), st.integers(0, 5000), st.booleans()),
        max_size=60,
    )
)
def test_no_kind_ever_steps_back(tags: list[tuple[TagKind, int, int, bool]]) -> None:
    line, clock = Timeline(), 0.0
    latest: dict[TagKind, int] = {}
    for kind, timestamp, pause, anew in tags:
        clock += pause / 1000
        if anew:
            line.begin()
        time = line.place(kind, timestamp, clock)
        assert time >= latest.get(kind, 0)
        latest[kind] = time


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 60), min_size=2, max_size=50))
def test_within_a_segment_all_tags_are_moved_by_the_same_amount(start: int, steps: list[int]) -> None:
    line, time, clock = Timeline(), start, 0.0
    line.place(VIDEO, 77, 0.0)
    line.begin()
    offsets = set()
    for turn, step in enumerate(steps):
        time, clock = time + step, clock + step / 1000
        offsets.add(line.place((VIDEO, AUDIO)[turn % 2], time % 2**32, clock) - time)
    assert len(offsets) == 1
