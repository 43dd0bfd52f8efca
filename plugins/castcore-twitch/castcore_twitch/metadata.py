"""What viewers read, as Twitch takes it.

Rules: https://dev.twitch.tv/docs/api/reference/#modify-channel-information
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from castcore_sdk import BroadcastMetadata, ConfigurationError
from castcore_twitch.answer import children, text
from castcore_twitch.api import Api
from castcore_twitch.configuration import TwitchConfig

LONGEST_TITLE = 140
MOST_TAGS = 10
LONGEST_TAG = 25
_JOINER = "\N{ZERO WIDTH JOINER}"


async def show(api: Api, config: TwitchConfig, channel: str, metadata: BroadcastMetadata) -> None:
    """Show the metadata from now on; what it leaves open comes from the configuration, else stays as it is."""
    body: dict[str, Any] = {"title": title(metadata.title)}
    if category := metadata.category or config.category:
        body["game_id"] = await category_id(api, category)
    if given := metadata.tags or config.tags:
        body["tags"] = tags(given)
    if language := metadata.language or config.language:
        # Twitch knows the two letters of ISO 639-1, zh-hk, asl and "other".
        body["broadcaster_language"] = (
            language.lower() if language.lower() == "zh-hk" else language.lower()[:3].rstrip("-")
        )
    await api.patch("/helix/channels", body, broadcaster_id=channel)


async def category_id(api: Api, category: str) -> str:
    """Return the number of a category. Raise ConfigurationError where there is none of that name."""
    if category.isascii() and category.isdigit() and len(category) <= 20:
        return category
    answer = await api.get("/helix/search/categories", query=category, first=100)
    for each in children(answer, "data"):
        if text(each, "name").casefold() == category.casefold() and text(each, "id"):
            return text(each, "id")
    raise ConfigurationError("twitch.category_unknown", field="category")


def title(given: str) -> str:
    """Return a title that is taken: one line of at most 140 characters, never empty."""
    line = " ".join(_clean(given).split())
    if _units(line) > LONGEST_TITLE:
        line = _cut(line, LONGEST_TITLE - 1).rstrip() + "…"
    return line or "Live"


def tags(given: Iterable[str]) -> list[str]:
    """Return at most ten tags of letters and digits, each once, whatever its case."""
    found: dict[str, str] = {}
    for tag in given:
        letters = "".join(each for each in _clean(tag) if unicodedata.category(each)[0] in "LMN")[:LONGEST_TAG]
        if letters and len(found) < MOST_TAGS:
            found.setdefault(letters.casefold(), letters)
    return list(found.values())


def _clean(given: str) -> str:
    """Drop what no text may hold: control characters and halves of surrogate pairs."""
    whole = given.replace("\t", " ").replace("\n", " ")
    return "".join(each for each in whole if unicodedata.category(each) not in ("Cc", "Cs"))


def _units(given: str) -> int:
    """Count in UTF-16, so that most pictographs count twice: rather too short than refused."""
    return len(given.encode("utf-16-le")) // 2


def _cut(given: str, units: int) -> str:
    """Cut, never inside of what is seen as one character."""
    end = min(len(given), units)
    while end and (_units(given[:end]) > units or _continues(given[end : end + 1]) or given[end - 1] == _JOINER):
        end -= 1
    return given[:end]


def _continues(character: str) -> bool:
    return character == _JOINER or unicodedata.category(character or " ") in ("Mn", "Mc", "Me", "Sk")
