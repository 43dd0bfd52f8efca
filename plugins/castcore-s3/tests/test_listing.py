"""Pages of listings: well-formed, odd and hostile."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from castcore_s3.listing import Item, parse_page

AWS = b"""<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix></Prefix>
<NextContinuationToken>1ueGcx+/=</NextContinuationToken><KeyCount>2</KeyCount><IsTruncated>true</IsTruncated>
<EncodingType>url</EncodingType>
<Contents><Key>a+b%2B%25%C3%BC+</Key><LastModified>2026-11-03T10:00:00.000Z</LastModified>
<ETag>&quot;abc-2&quot;</ETag><Owner><ID>x</ID></Owner><Size>12</Size><StorageClass>STANDARD</StorageClass></Contents>
<CommonPrefixes><Prefix>photos%2F</Prefix></CommonPrefixes></ListBucketResult>"""


def test_a_page() -> None:
    page = parse_page(AWS)
    assert page.items == [Item("a b+%ü ", 12, datetime(2026, 11, 3, 10, tzinfo=UTC), "abc-2")]
    assert (page.prefixes, page.token) == (["photos/"], "1ueGcx+/=")


def test_keys_are_literal_where_the_server_does_not_encode() -> None:
    page = parse_page(AWS.replace(b"<EncodingType>url</EncodingType>", b"").replace(b">true<", b">false<"))
    assert (page.items[0].key, page.prefixes, page.token) == ("a+b%2B%25%C3%BC+", ["photos%2F"], None)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "yesterday", ""])
def test_a_moment_that_is_none_is_left_out(moment: str) -> None:
    page = parse_page(AWS.replace(b"2026-11-03T10:00:00.000Z", moment.encode()))
    assert page.items[0].modified is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Console</body></html>",
        AWS[:300],
        b"\xff\xfe",
        AWS.replace(b"<Size>12<", b"<Size>many<"),
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><ListBucketResult><Name>&b;</Name></ListBucketResult>',
        b"<ListBucketResult>" + b"<a>" * 5000,
    ],
)
def test_what_is_no_listing(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  which one depends on the parser
        parse_page(body)


def test_a_date_that_is_none_is_left_out() -> None:
    assert parse_page(AWS.replace(b"2026-11-03T10:00:00.000Z", b"soon")).items[0].modified is None
