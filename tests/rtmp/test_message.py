from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castcore_core.rtmp.command import Command, read_command, status
from castcore_core.rtmp.error import PeerError
from castcore_core.rtmp.limit import DEFAULT_LIMITS
from castcore_core.rtmp.message import Kind, Message, acknowledgement, read_uint32, split_aggregate


def part(kind: int, time: int, payload: bytes) -> bytes:
    head = bytes((kind,)) + len(payload).to_bytes(3, "big") + (time & 0xFFFFFF).to_bytes(3, "big")
    return head + bytes((time >> 24, 0, 0, 0)) + payload + (len(payload) + 11).to_bytes(4, "big")


def test_an_aggregate_is_split_and_its_times_are_moved() -> None:
    body = part(9, 0x01000000, b"video") + part(8, 0x01000017, b"audio")
    assert list(split_aggregate(Message(Kind.AGGREGATE, body, 1, 500))) == [
        Message(9, b"video", 1, 500),
        Message(8, b"audio", 1, 523),
    ]


@given(st.binary(max_size=80))
def test_a_random_aggregate_is_parts_or_a_typed_error(body: bytes) -> None:
    code = "rtmp.protocol_error"
    try:
        parts = list(split_aggregate(Message(Kind.AGGREGATE, body)))
        assert sum(len(message.payload) for message in parts) <= len(body)
    except PeerError as error:
        code = error.code
    assert code == "rtmp.protocol_error"


def test_aggregates_do_not_nest() -> None:
    with pytest.raises(PeerError):
        list(split_aggregate(Message(Kind.AGGREGATE, part(22, 0, b""))))


def test_counters_wrap() -> None:
    assert read_uint32(acknowledgement(2**32 + 7)) == 7


def test_a_short_control_message_is_a_typed_error() -> None:
    with pytest.raises(PeerError):
        read_uint32(Message(Kind.WINDOW_SIZE, b"\0\0"))


def test_commands_are_read_back_also_in_the_amf3_wrapper() -> None:
    command = Command("publish", 5, (None, "key", "live"))
    message = command.to_message(3)
    assert message.stream_id == 3
    assert read_command(message, DEFAULT_LIMITS) == command
    assert read_command(Message(Kind.AMF3_COMMAND, b"\0" + message.payload), DEFAULT_LIMITS) == command
    assert (command.text(0), command.text(1), command.text(2)) == ("key", "live", "")


def test_a_command_without_a_number_is_taken() -> None:
    assert read_command(Message(Kind.COMMAND, b"\x02\0\x01a"), DEFAULT_LIMITS) == Command("a", 0, (None,))


def test_a_status_shows_its_code() -> None:
    assert status("error", "NetStream.Publish.BadName", "taken").info["code"] == "NetStream.Publish.BadName"


@pytest.mark.parametrize("payload", [b"", b"\x05\x05", b"\x02\0\x09a", b"\xff"])
def test_what_is_no_command_is_a_typed_error(payload: bytes) -> None:
    with pytest.raises(PeerError):
        read_command(Message(Kind.COMMAND, payload), DEFAULT_LIMITS)
