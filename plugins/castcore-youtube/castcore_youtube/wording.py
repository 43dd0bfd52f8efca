"""Titles, descriptions and tags as YouTube takes them.

Rules: https://developers.google.com/youtube/v3/docs/videos (``snippet``): a title has at most 100 characters, a
description 5,000 bytes, all tags together 500 characters, and ``<`` and ``>`` stand in none of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

LONGEST_TITLE = 100
LONGEST_DESCRIPTION = 5_000
_LONGEST_TAGS = 500
_ANGLES = str.maketrans({"<": "‹", ">": "›"})
_ELLIPSIS = "…"
_JOINER = "\N{ZERO WIDTH JOINER}"


def title(text: str) -> str:
    """Return a title that is taken: one line, angle brackets replaced, shortened, and never empty."""
    line = " ".join(_clean(text).split())
    if _units(line) > LONGEST_TITLE:
        line = _cut(line, LONGEST_TITLE - 1).rstrip() + _ELLIPSIS
    return line or "Live"


def description(text: str) -> str:
    """Return a description that is taken; lines stay lines."""
    clean = "\n".join(_clean(line) for line in text.replace("\r\n", "\n").split("\n"))
    raw = clean.encode()
    return clean if len(raw) <= LONGEST_DESCRIPTION else raw[:LONGEST_DESCRIPTION].decode(errors="ignore")


def tags(given: Iterable[str]) -> list[str]:
    """Return the tags that find room, each once; commas separate, and a tag with blanks counts two characters more."""
    found: dict[str, str] = {}
    room = _LONGEST_TAGS
    for tag in given:
        clean = " ".join(_clean(tag).replace(",", " ").replace('"', " ").split())
        if not clean or clean.casefold() in found:
            continue
        room -= _units(clean) + (2 if " " in clean else 0) + (1 if found else 0)
        if room < 0:
            break
        found[clean.casefold()] = clean
    return list(found.values())


def _clean(text: str) -> str:
    """Drop what no text may hold: control characters and halves of surrogate pairs."""
    whole = text.translate(_ANGLES).replace("\t", " ").replace("\n", " ")
    return "".join(character for character in whole if unicodedata.category(character) not in ("Cc", "Cs"))


def _units(text: str) -> int:
    """Count as YouTube does: UTF-16, so that most pictographs count twice."""
    return len(text.encode("utf-16-le")) // 2


def _cut(text: str, units: int) -> str:
    """Cut, never inside of what is seen as one character."""
    end = min(len(text), units)
    while end and (_units(text[:end]) > units or _continues(text[end : end + 1]) or text[end - 1] == _JOINER):
        end -= 1
    return text[:end]


def _continues(character: str) -> bool:
    """Tell whether it belongs to the one before: accents, joiners, variants, colours of skin."""
    return character == _JOINER or unicodedata.category(character or " ") in ("Mn", "Mc", "Me", "Sk")
