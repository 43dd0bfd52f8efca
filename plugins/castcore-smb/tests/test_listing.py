"""A server's answers are taken apart strictly."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

import pytest
from smbprotocol.exceptions import SMBException

from castcore_sdk import StorageEntry, StoragePath
from castcore_smb.examination import skew_of
from castcore_smb.handle import SYMLINK, parse_listing

FOLDER, HIDDEN, REPARSE = 0x10, 0x02, 0x400
_2026 = 134_116_992_000_000_000


def entry(name: str, *, attributes: int = 0, size: int = 0, written: int = _2026, tag: int = 0, step: int = 0) -> bytes:
    raw = name.encode("utf-16-le")
    head = struct.pack("<IIQQQQQQIII", step, 0, 0, 0, written, 0, size, size, attributes, len(raw), tag)
    return head + raw


def listing(*entries: bytes) -> bytes:
    *first, last = entries
    padded = (part + bytes(-len(part) % 8) for part in first)
    return b"".join(struct.pack("<I", len(part)) + part[4:] for part in padded) + last


def parsed(data: bytes) -> list[StorageEntry]:
    return list(parse_listing(data, StoragePath("video")))


def test_files_and_folders() -> None:
    data = listing(
        entry(".", attributes=FOLDER), entry("..", attributes=FOLDER), entry("東京.mp4", size=7, attributes=HIDDEN)
    )
    assert parsed(data) == [
        StorageEntry(
            path=StoragePath("video/東京.mp4"),
            is_dir=False,
            size=7,
            modified=datetime(2026, 1, 1, tzinfo=UTC),
            etag=f"{1_767_225_600_000_000:x}-7",
        )
    ]
    (folder,) = parsed(entry("sub", attributes=FOLDER, size=4096))
    assert (folder.is_dir, folder.size, folder.etag) == (True, None, None)


def test_links_of_the_client_are_left_out_and_other_marks_are_not() -> None:
    """Deduplicated and tiered files carry marks as well, and can be read."""
    linked, marked = entry("link", attributes=REPARSE, tag=SYMLINK), entry("dedup", attributes=REPARSE, tag=0x80000013)
    assert [found.path for found in parsed(listing(linked, marked))] == ["video/dedup"]


@pytest.mark.parametrize("name", ["a\\..\\b", "a/b", "..", "a:b", "x" * 300, ""])
def test_names_of_a_hostile_server_are_left_out(name: str) -> None:
    assert parsed(entry(name)) == []


@pytest.mark.parametrize("data", [b"", b"\0" * 10, entry("a")[:60], entry("a", step=1 << 31)])
def test_what_is_no_listing(data: bytes) -> None:
    with pytest.raises(SMBException):
        parsed(data)


def test_dates_beyond_the_calendar() -> None:
    (found,) = parsed(entry("a", written=(1 << 64) - 1))
    assert found.modified is None


@pytest.mark.parametrize(("seconds", "skew"), [(0, 0), (400.4, 400), (-3600, -3600)])
def test_clocks(seconds: float, skew: int) -> None:
    now = 1_767_225_600.0
    assert skew_of(datetime.fromtimestamp(now + seconds, UTC), now) == skew
    assert skew_of(None, now) == 0
    assert skew_of(datetime(1601, 1, 1, tzinfo=UTC), now) == 0
