"""The FLV parser and serialiser, by value."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castcore_core.rtmp import Tag, TagKind
from castcore_core.runner.flv import HEADER, FlvError, FlvParser, pack

TAGS = st.lists(
    st.builds(
        Tag,
        kind=st.sampled_from(TagKind),
        timestamp=st.integers(0, 2**32 - 1),
        payload=st.binary(max_size=300),
    ),
    max_size=8,
)


def written(tags: list[Tag]) -> bytes:
    return HEADER + b"".join(b"".join(pack(tag)) for tag in tags)


@given(TAGS, st.lists(st.integers(1, 50), min_size=1, max_size=30))
def test_tags_come_back_whatever_pieces_they_come_in(tags: list[Tag], sizes: list[int]) -> None:
    data, parser, found, at = written(tags), FlvParser(), [], 0
    for turn in range(len(data)):
        size = sizes[turn % len(sizes)]
        found += parser.feed(data[at : at + size])
        at += size
        if at >= len(data):
            break
    assert found == tags


@given(st.binary(max_size=400))
def test_noise_gives_tags_or_a_coded_error(noise: bytes) -> None:
    for start in (b"", HEADER):
        with contextlib.suppress(FlvError):
            FlvParser(max_tag=1000).feed(start + noise)


def test_what_is_no_flv_is_noticed_at_its_first_byte() -> None:
    with pytest.raises(FlvError) as refusal:
        FlvParser().feed(b"G")
    assert refusal.value.code == "runner.flv_broken"


def test_a_tag_beyond_the_limit_is_refused_before_it_is_read() -> None:
    header, _, _ = pack(Tag(TagKind.VIDEO, 0, bytes(2000)))
    with pytest.raises(FlvError):
        FlvParser(max_tag=1999).feed(HEADER + header)


def test_an_encrypted_tag_is_refused_and_an_unknown_one_passed_over() -> None:
    one = Tag(TagKind.AUDIO, 5, b"ab")
    unknown = b"\x0f" + written([one])[len(HEADER) + 1 :]
    assert FlvParser().feed(HEADER + unknown + b"".join(pack(one))) == [one]
    with pytest.raises(FlvError):
        FlvParser().feed(HEADER + b"\x28" + unknown[1:])


def test_a_longer_file_header_is_skipped() -> None:
    one = Tag(TagKind.AUDIO, 5, b"ab")
    longer = b"FLV\x01\x05\x00\x00\x00\x0c" + bytes(3) + bytes(4)
    assert FlvParser().feed(longer + b"".join(pack(one))) == [one]
