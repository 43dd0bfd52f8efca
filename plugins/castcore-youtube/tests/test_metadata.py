"""What viewers read, and what YouTube takes of what people write."""

from __future__ import annotations

import pytest
from scene import Stage, play, refused, request
from youtube_double import YouTube

from castcore_sdk import BroadcastMetadata, ConfigurationError, NotFoundError, PermanentError
from castcore_sdk.testing.destination import PICTURE
from castcore_youtube import wording


def test_everything_is_shown_and_nothing_else_is_lost(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        platform.feed(target.reference)
        begin = platform.broadcasts[target.reference]["snippet"]["scheduledStartTime"]
        metadata = BroadcastMetadata(
            title="Übertragung 東京 🎬",
            description="Zeile 1\nZeile 2",
            category="gaming",
            tags=("Zürich", "live music", "zürich", "", "a,b"),
            language="de-CH",
        )
        await destination.update_metadata(target.reference, metadata)
        snippet = platform.broadcasts[target.reference]["snippet"]
        assert (snippet["title"], snippet["description"]) == ("Übertragung 東京 🎬", "Zeile 1\nZeile 2")
        assert snippet["scheduledStartTime"] == begin
        video = platform.videos[target.reference]["snippet"]
        assert video == {
            "title": "Übertragung 東京 🎬",
            "description": "Zeile 1\nZeile 2",
            "categoryId": "20",
            "tags": ["Zürich", "live music", "a b"],
            "defaultLanguage": "de-CH",
            "defaultAudioLanguage": "de-CH",
        }

    play(platform, run)


def test_what_is_the_same_costs_next_to_nothing(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        metadata = BroadcastMetadata(title="Abend", category="20", tags=("a", "b"))
        await destination.update_metadata(target.reference, metadata)
        before = platform.units
        await destination.update_metadata(target.reference, metadata)
        assert platform.units - before == 2

    play(platform, run)


def test_the_configuration_fills_in_what_a_broadcast_leaves_open(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination(category="Film & Animation", tags=["house"], language="en")
        target = await destination.open_broadcast(request(tags=("own",)))
        video = platform.videos[target.reference]["snippet"]
        assert (video["categoryId"], video["tags"], video["defaultLanguage"]) == ("1", ["own"], "en")

    play(platform, run)


@pytest.mark.parametrize("category", ["Nonsense", "Short Movies", "99", "²"])
def test_a_category_that_does_not_exist(platform: YouTube, category: str) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        with refused(ConfigurationError, "category_unknown"):
            await destination.update_metadata(target.reference, BroadcastMetadata(title="x", category=category))

    play(platform, run)


def test_the_picture(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        destination = stage.destination()
        target = await destination.open_broadcast(request())
        await destination.set_thumbnail(target.reference, PICTURE, "image/png")
        assert platform.thumbnails == {target.reference: PICTURE}
        with refused(PermanentError, "thumbnail_format"):
            await destination.set_thumbnail(target.reference, PICTURE, "image/jpeg")
        with refused(PermanentError, "thumbnail_too_large"):
            await destination.set_thumbnail(target.reference, PICTURE + bytes(51 << 20), "image/png")
        platform.fail("thumbnails.set", 400, "invalidImage")
        with refused(PermanentError, "thumbnail_refused"):
            await destination.set_thumbnail(target.reference, PICTURE, "image/png")
        with pytest.raises(NotFoundError):
            await destination.set_thumbnail("gone", PICTURE, "image/png")

    play(platform, run)


def test_the_label_is_the_channels_name(platform: YouTube) -> None:
    async def run(stage: Stage) -> None:
        assert await stage.destination().account_label(stage.session) == "Kanal Zürich 🎬"
        results = await stage.destination().check()
        assert [result.code for result in results] == ["youtube.channel_ready", "youtube.quota_fine"]

    play(platform, run)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("  Ein\tTitel \n in Zeilen ", "Ein Titel in Zeilen"),
        ("<b>&amp;</b>", "‹b›&amp;‹/b›"),
        ("", "Live"),
        (" \x00\x07 ", "Live"),
        ("a" * 100, "a" * 100),
        ("a" * 101, "a" * 99 + "…"),
        ("🎬" * 60, "🎬" * 49 + "…"),
        ("x" * 97 + "👩\u200d🚀 y", "x" * 97 + "…"),
        ("x" * 98 + "e\u0301" + "y" * 9, "x" * 98 + "…"),
        ("half \ud83c pair", "half pair"),
        ("a " * 1_000_000, "a " * 49 + "a…"),
    ],
)
def test_titles(given: str, shown: str) -> None:
    found = wording.title(given)
    assert found == shown
    assert len(found.encode("utf-16-le")) <= 200


def test_descriptions() -> None:
    assert wording.description("a\r\nb\n<c>\x00") == "a\nb\n‹c›"
    assert len(wording.description("ü" * 6000).encode()) == 5000
    assert len(wording.description("x" + "ü" * 6000).encode()) == 4999
    assert wording.description("\ud800") == ""


def test_tags_share_five_hundred_characters() -> None:
    assert wording.tags(["a" * 100] * 2 + ["b" * 100, "c" * 100, "d" * 100, "e" * 97]) == [c * 100 for c in "abcd"]
    assert wording.tags(["<x>", '"quoted"', " ", "X Y"]) == ["‹x›", "quoted", "X Y"]
    assert sum(map(len, wording.tags(f"t{number}" for number in range(100_000)))) < 500
