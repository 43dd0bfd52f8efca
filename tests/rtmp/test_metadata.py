from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from castcore_core.rtmp import Tag, TagKind, amf0, decode_metadata, encode_metadata
from castcore_core.rtmp.metadata import from_publish, to_publish


def test_metadata_is_read_back_and_wrapped_for_a_publisher() -> None:
    tag = encode_metadata({"width": 320.0, "encoder": "ü"}, timestamp=7)
    assert decode_metadata(tag) == {"width": 320.0, "encoder": "ü"}
    wrapped = to_publish(tag.payload)
    assert amf0.decode(wrapped)[:2] == ["@setDataFrame", "onMetaData"]
    assert from_publish(wrapped) == tag.payload
    assert decode_metadata(Tag(TagKind.DATA, 0, wrapped)) == {"width": 320.0, "encoder": "ü"}


def test_other_data_stays_as_it_is() -> None:
    cue = amf0.encode(["onCuePoint", {"name": "ad"}])
    assert to_publish(cue) == cue
    assert from_publish(cue) == cue
    assert decode_metadata(Tag(TagKind.DATA, 0, cue)) is None


def test_words_for_the_server_alone_are_dropped() -> None:
    assert from_publish(amf0.encode(["@clearDataFrame", "onMetaData"])) is None
    assert from_publish(amf0.encode(["|RtmpSampleAccess", True, True])) is None


@given(st.binary(max_size=60))
def test_metadata_that_cannot_be_read_is_none(data: bytes) -> None:
    body = amf0.encode(["onMetaData"]) + data
    values = decode_metadata(Tag(TagKind.DATA, 0, body))
    assert values is None or isinstance(values, dict)
