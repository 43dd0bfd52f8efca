"""Comparing much: pytest's own comparison of megabytes takes minutes where ``CI`` is set, and prints all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

_SHOWN = 5


def same_bytes(got: bytes, wanted: bytes, what: str) -> None:
    """Name the first byte that differs."""
    if got != wanted:
        pairs = enumerate(zip(got, wanted, strict=False))
        place = next((place for place, (left, right) in pairs if left != right), min(len(got), len(wanted)))
        raise AssertionError(f"{what}: {len(got)} bytes for {len(wanted)}, other bytes from {place} on")


def same_names(got: Iterable[str], wanted: Iterable[str], what: str) -> None:
    """Name what is missing and what is too much, in any order."""
    found, asked = Counter(got), Counter(wanted)
    if found != asked:
        raise AssertionError(f"{what}: missing {_some(asked - found)}; too much {_some(found - asked)}")


def _some(names: Counter[str]) -> str:
    shown, count = sorted(names.elements())[:_SHOWN], names.total()
    more = f" and {count - _SHOWN} more" if count > _SHOWN else ""
    return (", ".join(map(repr, shown)) or "nothing") + more
