from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castcore_core.rtmp.error import NetworkError, RtmpError, SetupError
from castcore_core.rtmp.handshake import Handshake


@given(st.integers(1, 2000), st.integers(1, 4000), st.binary(max_size=20))
def test_both_sides_finish_however_the_bytes_are_cut(step: int, other: int, after: bytes) -> None:
    client, server = Handshake(server=False), Handshake(server=True)
    to_server, to_client = client.start(), server.start()
    assert to_client == b""
    while client.rest is None or server.rest is None:
        part, to_server = to_server[:step], to_server[step:]
        if part:
            to_client += server.feed(part)
        part, to_client = to_client[:other], to_client[other:]
        if part and client.rest is None:
            to_server += client.feed(part)
            to_server += after if client.rest is not None else b""
    assert after.startswith(server.rest)


@pytest.mark.parametrize(
    ("start", "code"),
    [
        (b"\x15\x03\x03\0\x02\x02\x46", "rtmp.plain_to_tls_port"),
        (b"\x15", "rtmp.plain_to_tls_port"),
        (b"HTTP/1.1 400 Bad Request", "rtmp.handshake_failed"),
        (b"\x06" + bytes(1536), "rtmp.handshake_failed"),
    ],
)
def test_another_protocol_is_named(start: bytes, code: str) -> None:
    with pytest.raises(RtmpError) as caught:
        Handshake(server=False).feed(start)
    assert caught.value.code == code
    assert isinstance(caught.value, (NetworkError, SetupError))
