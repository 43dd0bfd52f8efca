"""The progress pipe of both builds."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castcore_core.ffmpeg.progress import Progress, ProgressParser, Stall

BLOCK = b"""frame=31
fps=29.97
stream_0_0_q=28.0
bitrate= 812.4kbits/s
total_size=104857
out_time_us=1033333
out_time_ms=1033333
out_time=00:00:01.033333
dup_frames=0
drop_frames=2
speed=1.01x
progress=continue
"""
NOTHING_YET = b"bitrate=N/A\ntotal_size=N/A\nout_time_us=N/A\nout_time_ms=N/A\nspeed=N/A\nprogress=continue\n"


def test_a_block_is_read() -> None:
    assert ProgressParser().feed(BLOCK) == [
        Progress(
            frame=31,
            fps=29.97,
            bitrate=812_400,
            total_size=104_857,
            out_time_us=1_033_333,
            dup_frames=0,
            drop_frames=2,
            speed=1.01,
        )
    ]


def test_values_that_are_not_there_yet_are_none() -> None:
    assert ProgressParser().feed(NOTHING_YET) == [Progress()]


def test_out_time_ms_are_microseconds() -> None:
    assert ProgressParser().feed(b"out_time_ms=2000000\nprogress=end\n") == [
        Progress(out_time_us=2_000_000, ended=True)
    ]


def test_the_placeholder_for_no_time_is_none() -> None:
    assert ProgressParser().feed(b"out_time_us=-9223372036854775808\nprogress=continue\n") == [Progress()]


@given(st.lists(st.integers(min_value=0, max_value=len(BLOCK) * 2), max_size=8))
def test_bytes_may_be_cut_anywhere(cuts: list[int]) -> None:
    data, parser = BLOCK * 2, ProgressParser()
    places = [0, *sorted(cuts), len(data)]
    found = [block for start, stop in itertools.pairwise(places) for block in parser.feed(data[start:stop])]
    assert found == ProgressParser().feed(data)
    assert len(found) == 2


@given(st.binary(max_size=400))
def test_garbage_does_no_harm(data: bytes) -> None:
    parser = ProgressParser()
    parser.feed(data)
    assert parser.feed(b"\n" + BLOCK)[-1].out_time_us == 1_033_333


def test_an_endless_line_is_not_kept() -> None:
    parser = ProgressParser()
    for _ in range(100):
        parser.feed(b"x" * 10_000)
    assert parser.feed(b"\n" + BLOCK)[-1].frame == 31


def test_both_builds_are_understood(ffmpeg: str, tmp_path: Path) -> None:
    picture = ["-f", "lavfi", "-i", "testsrc=s=64x64:r=10:d=2"]
    command = [ffmpeg, "-nostdin", "-loglevel", "error", "-nostats", "-progress", "pipe:1", *picture]
    done = subprocess.run([*command, "-c:v", "mpeg4", "-y", tmp_path / "x.avi"], capture_output=True, check=True)
    last = ProgressParser().feed(done.stdout)[-1]
    assert last.ended
    assert last.frame == 20
    assert last.out_time_us == pytest.approx(2_000_000, abs=110_000)
    assert last.total_size
    assert last.total_size > 1000


def test_no_block_at_all_is_a_stall() -> None:
    stall = Stall(now=10.0)
    assert stall.lasts(11.9) == 0.0
    assert stall.lasts(12.5) == 2.5


def test_a_frozen_time_is_a_stall_and_movement_ends_it() -> None:
    stall = Stall(now=0.0)
    for tick in range(10):
        stall.note(Progress(out_time_us=500_000), tick * 0.5)
    assert stall.lasts(4.5) == 4.5
    stall.note(Progress(out_time_us=600_000), 5.0)
    assert stall.lasts(5.0) == 0.0
