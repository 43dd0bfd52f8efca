from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castcore_core.rtmp import amf0
from castcore_core.rtmp.error import PeerError
from castcore_core.rtmp.limit import Limits

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
SCALAR = (
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False)
    | TEXT
    | st.builds(amf0.Date, st.floats(allow_nan=False, allow_infinity=False))
)
NAME = TEXT.filter(bool)
VALUE = st.recursive(
    SCALAR,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(NAME, inner, max_size=4)
        | st.dictionaries(NAME, inner, max_size=4).map(amf0.EcmaArray)
    ),
    max_leaves=12,
)


@given(st.lists(VALUE, max_size=4))
def test_what_is_encoded_is_decoded(values: list[amf0.Value]) -> None:
    decoded = amf0.decode(amf0.encode(values))
    assert decoded == values
    assert [type(value) for value in decoded] == [type(value) for value in values]


@given(st.lists(VALUE, min_size=1, max_size=3), st.data())
def test_a_value_cut_anywhere_is_a_typed_error_or_fewer_values(values: list[amf0.Value], data: st.DataObject) -> None:
    whole = amf0.encode(values)
    cut = data.draw(st.integers(0, len(whole) - 1))
    code = "rtmp.protocol_error"
    try:
        decoded = amf0.decode(whole[:cut])
        assert decoded == values[: len(decoded)]
        assert len(decoded) < len(values)
    except PeerError as error:
        code = error.code
    assert code == "rtmp.protocol_error"


@given(st.binary(max_size=200))
def test_random_bytes_are_values_or_a_typed_error(data: bytes) -> None:
    code = "rtmp.protocol_error"
    try:
        amf0.decode(data)
    except PeerError as error:
        code = error.code
    assert code in ("rtmp.protocol_error", "rtmp.limit_exceeded")


def test_long_strings_take_the_long_form() -> None:
    text = "ü" * 40_000
    data = amf0.encode([text])
    assert data[0] == 12
    assert amf0.decode(data) == [text]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\x06", None),
        (b"\x0d", None),
        (b"\x0f\0\0\0\x04<a/>", "<a/>"),
        (b"\x10\0\x03Foo\0\x01a\x01\x01\0\0\x09", {"a": True}),
        (b"\x08\0\0\0\x63\0\x01a\x05\0\0\x09", {"a": None}),
    ],
)
def test_rare_forms_are_understood(data: bytes, value: object) -> None:
    assert amf0.decode(data) == [value]


@pytest.mark.parametrize(
    ("data", "limit"),
    [
        (b"\x0a\0\0\0\x01" * 40 + b"\x05", "amf_depth"),
        (b"\x03\0\x01a" * 40, "amf_depth"),
        (b"\x05" * 3000, "amf_values"),
        (b"\x0a\xff\xff\xff\xff", "amf_values"),
    ],
)
def test_nesting_and_number_are_bounded(data: bytes, limit: str) -> None:
    with pytest.raises(PeerError) as caught:
        amf0.decode(data)
    assert caught.value.code == "rtmp.limit_exceeded"
    assert caught.value.params["limit"] == limit


@pytest.mark.parametrize("marker", [4, 7, 9, 14, 17, 255])
def test_markers_that_no_peer_should_send_are_refused(marker: int) -> None:
    with pytest.raises(PeerError) as caught:
        amf0.decode(bytes((marker, 0, 0, 0)))
    assert caught.value.code == "rtmp.protocol_error"


def test_decoding_can_stop_early() -> None:
    assert amf0.decode(amf0.encode(["onMetaData"]) + b"\xff", most=1) == ["onMetaData"]


def test_own_limits_hold() -> None:
    with pytest.raises(PeerError):
        amf0.decode(amf0.encode([1, 2, 3]), Limits(amf_values=2))
