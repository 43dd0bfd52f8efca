"""Finding libnfs, and what differs between its versions."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pytest

from castcore_nfs import library as module
from castcore_nfs.library import DirectoryEntry, Edition, Library, Stat, library
from castcore_sdk import ConfigurationError


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    library.cache_clear()
    yield
    library.cache_clear()


def test_structures_have_the_size_of_the_header() -> None:
    """``sizeof`` in C on 64-bit Linux; the same in libnfs 4.0, 5.0 and 6.0."""
    assert ctypes.sizeof(Stat) == 17 * 8
    assert ctypes.sizeof(DirectoryEntry) == 160
    assert (DirectoryEntry.size.offset, DirectoryEntry.mtime.offset) == (32, 56)
    assert DirectoryEntry.mtime_nsec.offset == 148


def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EDITIONS", (Edition("libnfs-that-is-not-there.so.1"),))
    with pytest.raises(ConfigurationError) as caught:
        library()
    assert caught.value.code == "nfs.library_missing"
    assert caught.value.params == {"known": "libnfs-that-is-not-there.so.1"}


def test_another_library_of_that_name_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EDITIONS", (Edition("libc.so.6"),))
    with pytest.raises(ConfigurationError):
        library()


@pytest.mark.parametrize(
    ("edition", "order"), [(Edition("", buffer_first=True), ["buffer", 5, 7]), (Edition(""), [7, 5, "buffer"])]
)
def test_the_order_of_arguments(edition: Edition, order: list[object]) -> None:
    calls: list[tuple[object, ...]] = []

    class Loaded:
        @staticmethod
        def nfs_pread(*arguments: object) -> int:
            calls.append(arguments)
            return 5

    loaded = object.__new__(Library)
    loaded.edition, loaded._loaded = edition, Loaded()
    assert loaded.pread(1, 2, "buffer", 7, 5) == 5  # type: ignore[arg-type]
    assert calls == [(1, 2, *order)]
