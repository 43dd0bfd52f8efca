"""The slate's tags, by value."""

from __future__ import annotations

from itertools import islice, pairwise

import pytest

from castcore_core.rtmp import Tag, TagKind
from castcore_core.runner.error import RunnerError
from castcore_core.runner.slate import Slate

VIDEO, AUDIO = TagKind.VIDEO, TagKind.AUDIO
HEADERS = [Tag(VIDEO, 0, b"\x17\x00\x00\x00\x00sps"), Tag(AUDIO, 0, b"\xaf\x00\x11\x90")]


def picture() -> list[Tag]:
    frames = [round(number * 1000 / 30) for number in range(60)]
    return [Tag(VIDEO, time, (b"\x17" if not time else b"\x27") + b"\x01\x00\x00\x00f%d" % time) for time in frames]


def sound() -> list[Tag]:
    return [Tag(AUDIO, round(number * 1024 / 48), b"\xaf\x01s%d" % number) for number in range(94)]


def test_picture_and_sound_go_on_without_a_seam() -> None:
    slate = Slate([*HEADERS, *picture(), *sound()])
    assert slate.headers == HEADERS
    tags = list(islice(slate.tags(), 4000))
    times = [tag.timestamp for tag in tags]
    assert times == sorted(times)
    frames = [tag for tag in tags if tag.kind is VIDEO]
    assert {after.timestamp - before.timestamp for before, after in pairwise(frames)} <= {33, 34}
    assert [tag.timestamp for tag in frames if tag.payload[0] == 0x17][:4] == pytest.approx(
        [0, 2000, 4000, 6000], abs=3
    )
    silences = [tag for tag in tags if tag.kind is AUDIO]
    assert len({tag.payload for tag in silences}) == 1
    assert silences[900].timestamp == 900 * 1024 // 48


def test_a_slate_may_be_silent_or_blind_but_not_both() -> None:
    assert {tag.kind for tag in islice(Slate([HEADERS[0], *picture()]).tags(), 100)} == {VIDEO}
    assert {tag.kind for tag in islice(Slate([HEADERS[1], *sound()]).tags(), 100)} == {AUDIO}
    with pytest.raises(RunnerError) as refusal:
        Slate(HEADERS)
    assert refusal.value.code == "runner.slate_empty"
