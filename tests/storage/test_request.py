"""Heads and ranges by value: whatever comes, it is read or refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castcore_core.storage.worker.request import BadRequest, Request, Span, read_head, span_of


def request(**fields: str) -> Request:
    return Request("GET", "t", "a", {name.replace("_", "-"): value for name, value in fields.items()}, True)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(head: bytes) -> None:
    with contextlib.suppress(BadRequest):
        read_head(head + b"\r\n\r\n")


@given(st.text(max_size=60), st.integers(0, 2**63))
def test_any_range_lies_inside_of_the_file(wanted: str, size: int) -> None:
    span = span_of(request(range=wanted), size, None)
    if isinstance(span, Span):
        assert 0 <= span.start <= span.end <= size


@given(st.integers(0, 500), st.integers(0, 500), st.integers(1, 400))
def test_a_range_is_what_it_says(first: int, last: int, size: int) -> None:
    span = span_of(request(range=f"bytes={first}-{last}"), size, None)
    if last < first:
        assert span == Span(0, size, partial=False)
    elif first >= size:
        assert span == "unsatisfiable"
    else:
        assert span == Span(first, min(last + 1, size), partial=True)


def test_a_condition_that_is_not_met_means_the_whole() -> None:
    wanted = {"range": "bytes=1-2", "if_range": '"a"'}
    assert span_of(request(**wanted), 9, '"a"') == Span(1, 3, partial=True)
    assert span_of(request(**wanted), 9, '"b"') == Span(0, 9, partial=False)


@pytest.mark.parametrize(
    ("head", "keep"),
    [
        (b"GET /t/a HTTP/1.1\r\nHost: x", True),
        (b"GET /t/a HTTP/1.1\r\nHost: x\r\nConnection: close", False),
        (b"GET /t/a HTTP/1.0", False),
        (b"GET /t/a HTTP/1.0\r\nConnection: Keep-Alive", True),
    ],
)
def test_a_connection_is_kept_as_its_version_says(head: bytes, keep: bool) -> None:
    assert read_head(head + b"\r\n\r\n").keep_alive is keep


def test_token_and_path_are_told_apart_and_decoded() -> None:
    found = read_head(b"HEAD /token/a%20b/%C3%BC%2F?x=1 HTTP/1.1\r\nHost: x\r\nRange:  bytes=0-  \r\n\r\n")
    assert (found.method, found.token, found.path) == ("HEAD", "token", "a b/ü/")
    assert found.fields["range"] == "bytes=0-"
