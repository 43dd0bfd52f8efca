from __future__ import annotations

import struct
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castcore_core.rtmp.chunk import ChunkReader, pack, pack_control, pack_shared
from castcore_core.rtmp.error import PeerError
from castcore_core.rtmp.limit import Limits
from castcore_core.rtmp.message import Kind, Message, set_chunk_size

TINY = Limits(smallest_chunk=1)
TIMES = st.integers(0, 2**32 - 1) | st.sampled_from([0xFFFFFE, 0xFFFFFF, 0x1000000, 2**32 - 1])
MESSAGES = st.builds(
    Message,
    kind=st.sampled_from([8, 9, 18, 20, 22]),
    payload=st.binary(max_size=600),
    stream_id=st.integers(0, 2**32 - 1),
    timestamp=TIMES,
)


def read(data: bytes, cuts: list[int], limits: Limits = TINY) -> list[Message]:
    reader = ChunkReader(limits)
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [message for start, end in pairwise(edges) for message in reader.feed(data[start:end])]


def basic(form: int, csid: int) -> bytes:
    if csid < 64:
        return bytes((form << 6 | csid,))
    if csid < 320:
        return bytes((form << 6, csid - 64))
    return bytes((form << 6 | 1,)) + struct.pack("<H", csid - 64)


class Compressing:
    """A writer as other peers have it: the shortest header that fits, any chunk stream id."""

    def __init__(self, chunk_size: int, *, repeats: bool) -> None:
        self._chunk_size = chunk_size
        self._repeats = repeats
        self._last: dict[int, tuple[Message, int | None]] = {}

    def write(self, message: Message, csid: int) -> bytes:
        last, last_delta = self._last.get(csid, (None, None))
        form, field = 0, message.timestamp
        if last is not None and last.stream_id == message.stream_id:
            form, field = 1, (message.timestamp - last.timestamp) % 2**32
            if len(last.payload) == len(message.payload) and last.kind == message.kind:
                form = 3 if last_delta == field else 2
        self._last[csid] = message, field
        extended = struct.pack(">I", field) if field >= 0xFFFFFF else b""
        head = min(field, 0xFFFFFF).to_bytes(3, "big") + len(message.payload).to_bytes(3, "big")
        head += bytes((message.kind,)) + struct.pack("<I", message.stream_id)
        out = basic(form, csid) + head[: (11, 7, 3, 0)[form]] + extended + message.payload[: self._chunk_size]
        for start in range(self._chunk_size, len(message.payload), self._chunk_size):
            out += basic(3, csid) + (extended if self._repeats else b"")
            out += message.payload[start : start + self._chunk_size]
        return out


@given(st.lists(MESSAGES, max_size=6), st.integers(1, 700), st.lists(st.integers(0, 10_000), max_size=12))
def test_own_chunks_are_read_back_however_they_are_cut(
    messages: list[Message], chunk_size: int, cuts: list[int]
) -> None:
    data = pack_control(set_chunk_size(chunk_size)) + b"".join(pack(message, 6, chunk_size) for message in messages)
    assert read(data, cuts) == messages


@given(
    st.lists(st.tuples(MESSAGES, st.sampled_from([2, 5, 63, 64, 319, 320, 65_599])), max_size=8),
    st.integers(1, 700),
    st.lists(st.integers(0, 10_000), max_size=12),
)
def test_compressed_headers_of_all_types_are_read(
    messages: list[tuple[Message, int]], chunk_size: int, cuts: list[int]
) -> None:
    writer = Compressing(chunk_size, repeats=True)
    data = pack_control(set_chunk_size(chunk_size)) + b"".join(writer.write(*pair) for pair in messages)
    assert read(data, cuts) == [message for message, _ in messages]


def test_a_peer_that_does_not_repeat_the_extended_timestamp_is_understood() -> None:
    messages = [Message(9, bytes(range(200)) * 3, 1, 0x1234567), Message(9, b"x" * 300, 1, 0x1234580)]
    writer = Compressing(128, repeats=False)
    assert read(b"".join(writer.write(message, 6) for message in messages), []) == messages


def test_interleaved_chunks_of_two_streams_are_kept_apart() -> None:
    video, audio = Message(9, b"v" * 300, 1, 40), Message(8, b"a" * 200, 1, 42)
    first, second = pack(video, 6, 128), pack(audio, 4, 128)
    data = first[:140] + second[:140] + first[140:269] + second[140:] + first[269:]
    assert read(data, []) == [audio, video]


def test_timestamps_wrap() -> None:
    writer = Compressing(128, repeats=True)
    times = [2**32 - 40, 2**32 - 7, 26, 59]
    messages = [Message(8, bytes((n,)), 1, time) for n, time in enumerate(times)]
    data = b"".join(writer.write(message, 4) for message in messages)
    assert [message.timestamp for message in read(data, [])] == times


def test_an_aborted_message_is_dropped() -> None:
    whole = pack(Message(9, b"v" * 300, 1, 0), 6, 128)
    abort = pack_control(Message(Kind.ABORT, struct.pack(">I", 6)))
    after = Message(9, b"after", 1, 5)
    assert read(whole[:140] + abort + pack(after, 6, 128), []) == [after]


def test_the_same_tag_is_packed_once() -> None:
    payload = bytes(1000)
    assert pack_shared(9, payload, 1, 5, 6, 128) is pack_shared(9, payload, 1, 5, 6, 128)
    assert pack_shared(9, payload, 1, 5, 6, 128) != pack_shared(9, payload, 2, 5, 6, 128)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=4))
def test_random_bytes_are_messages_or_a_typed_error(data: bytes, cuts: list[int]) -> None:
    code = "rtmp.protocol_error"
    try:
        read(data, cuts, Limits())
    except PeerError as error:
        code = error.code
    assert code in ("rtmp.protocol_error", "rtmp.limit_exceeded")


def limit_of(data: bytes, limits: Limits) -> object:
    with pytest.raises(PeerError) as caught:
        read(data, [], limits)
    assert caught.value.code == "rtmp.limit_exceeded"
    return caught.value.params["limit"]


def test_a_message_that_says_it_is_too_long_is_refused_before_it_comes() -> None:
    assert limit_of(pack(Message(9, bytes(200)), 6, 128)[:12], Limits(message_bytes=199)) == "message_bytes"


def test_the_number_of_chunk_streams_is_bounded() -> None:
    data = b"".join(pack(Message(9, b""), csid, 128) for csid in range(2, 12))
    assert limit_of(data, Limits(chunk_streams=8)) == "chunk_streams"


def test_unfinished_messages_are_bounded_together() -> None:
    data = b"".join(pack(Message(9, bytes(10_000)), csid, 4096)[:4108] for csid in range(2, 40))
    size = pack_control(set_chunk_size(4096))
    assert limit_of(size + data, Limits(partial_bytes=50_000)) == "partial_bytes"


def test_a_declared_length_costs_no_memory() -> None:
    reader = ChunkReader(Limits())
    announced = pack_control(set_chunk_size(0x7FFFFFFF)) + pack(Message(9, bytes(2**24 - 1)), 6, 2**24)[:20]
    tracemalloc.start()
    try:
        assert list(reader.feed(announced)) == []
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", [0, 1, 63, 0x80000000, 0xFFFFFFFF])
def test_senseless_chunk_sizes_are_refused(size: int) -> None:
    with pytest.raises(PeerError) as caught:
        read(pack_control(set_chunk_size(size)), [], Limits())
    assert caught.value.code == "rtmp.protocol_error"


@pytest.mark.parametrize("form", [2, 3])
def test_a_stream_cannot_start_in_the_middle(form: int) -> None:
    with pytest.raises(PeerError):
        read(basic(form, 7) + bytes(20), [])
