"""What a scan makes of good, bad, changing and vanishing files."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from castcore_core.feature import FEATURES
from castcore_core.media.models import MediaItem
from castcore_core.media.pool import Pool
from castcore_core.media.scan import SourceScan
from castcore_core.storage.models import StorageSource
from castcore_core.streams.models import StreamJob
from castcore_sdk import PermanentError, TemporaryError
from servers.castcore import running_core
from servers.media import Clips
from servers.shelf import FolderShelf


class Place:
    """A source on a folder, and how to scan it."""

    def __init__(self, source: StorageSource, folder: Path, pool: Pool) -> None:
        self.source = source
        self.folder = folder
        self.shelf = FolderShelf(folder)
        self.pool = pool
        self.told: list[tuple[str, Mapping[str, int]]] = []

    def add(self, name: str, clip: Path) -> Path:
        """Put a copy of a clip into the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(clip, path)
        return path

    async def scan(self) -> dict[str, int]:
        """Scan and return the counts."""

        async def tell(state: str, counts: Mapping[str, int]) -> None:
            self.told.append((state, counts))

        scan = SourceScan(self.source.id, self.shelf, self.pool, 2, tell)
        try:
            await scan.run()
        finally:
            self.counts = dict(scan.counts)
        return self.counts

    async def items(self) -> dict[str, MediaItem]:
        """Return the library by path."""
        return {item.path: item for item in await MediaItem.filter(source_id=self.source.id)}


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A source on an empty folder."""
    folder = tmp_path / "films"
    folder.mkdir()
    async with running_core(tmp_path / "data", features=[_modelled(each) for each in FEATURES]):
        source = await StorageSource.create(name="Films", type="local", config={})
        pool = Pool(2)
        try:
            yield Place(source, folder, pool)
        finally:
            await pool.close()


def _modelled(feature: Any) -> Any:
    return type(feature)(feature.name, models=feature.models)


async def test_what_is_media_is_read(place: Place, clips: Clips) -> None:
    place.add("a/film.mp4", clips["av"])
    place.add("tone.mp3", clips["mp3"])
    place.add("picture.png", clips["still"])
    place.add("日本語 🎬/ü.mkv", clips["mkv"])
    place.add("notes.txt", clips["text"])
    place.add(".hidden/film.mp4", clips["av"])
    place.add("@eaDir/film.mp4", clips["av"])
    counts = await place.scan()
    assert counts == {"found": 4, "added": 4, "changed": 0, "removed": 0, "to_read": 4, "read": 4, "unreadable": 0}
    items = await place.items()
    assert {path: (item.kind, item.state) for path, item in items.items()} == {
        "a/film.mp4": ("video", "ready"),
        "tone.mp3": ("audio", "ready"),
        "picture.png": ("image", "ready"),
        "日本語 🎬/ü.mkv": ("video", "ready"),
    }
    film = items["a/film.mp4"]
    assert (film.name, film.width, film.height, film.video_codec, film.audio_codec) == (
        "film.mp4",
        320,
        180,
        "h264",
        "aac",
    )
    assert film.duration == pytest.approx(5.0, abs=0.1)
    assert film.size == clips["av"].stat().st_size
    assert film.streamable
    assert not items["tone.mp3"].streamable
    assert [state for state, _ in place.told][:1] == ["walking"]
    assert place.told[-1] == ("probing", counts)


async def test_what_is_unchanged_is_not_touched(place: Place, clips: Clips) -> None:
    place.add("one.mp4", clips["av"])
    place.add("two.mp4", clips["av"])
    await place.scan()
    before = await place.items()
    place.shelf.located = 0
    counts = await place.scan()
    assert (counts["found"], counts["added"], counts["changed"], counts["read"]) == (2, 0, 0, 0)
    assert place.shelf.located == 0
    assert {path: item.updated_at for path, item in (await place.items()).items()} == {
        path: item.updated_at for path, item in before.items()
    }


async def test_changed_and_vanished_files(place: Place, clips: Clips) -> None:
    place.add("same.mp4", clips["av"])
    changed = place.add("other.mp4", clips["av"])
    gone = place.add("gone.mp4", clips["av"])
    await place.scan()
    before = await place.items()
    shutil.copy(clips["no-audio"], changed)
    gone.unlink()
    counts = await place.scan()
    assert (counts["changed"], counts["removed"], counts["read"]) == (1, 1, 1)
    items = await place.items()
    assert set(items) == {"same.mp4", "other.mp4"}
    assert items["other.mp4"].id == before["other.mp4"].id
    assert (items["other.mp4"].audio_codec, items["other.mp4"].flags) == (None, ["media.no_audio"])


async def test_a_touched_file_is_read_again(place: Place, clips: Clips) -> None:
    path = place.add("film.mp4", clips["av"])
    await place.scan()
    os.utime(path, (1, 1))
    assert (await place.scan())["changed"] == 1


async def test_a_source_that_fails_half_way_removes_nothing(place: Place, clips: Clips) -> None:
    for number in range(4):
        place.add(f"{number}.mp4", clips["av"])
    await place.scan()
    for number in range(3):
        (place.folder / f"{number}.mp4").unlink()
    place.add("new.mp4", clips["av"])
    place.shelf.fails_after, place.shelf.error = 1, TemporaryError("storage.unreachable")
    with pytest.raises(TemporaryError):
        await place.scan()
    assert len(await place.items()) == 4
    place.shelf.error = None
    counts = await place.scan()
    assert (counts["added"], counts["removed"]) == (1, 3)


async def test_bad_files_are_told_apart(place: Place, clips: Clips) -> None:
    place.add("empty.mp4", clips["empty"])
    place.add("text.mp4", clips["text"])
    place.add("cut.mp4", clips["truncated"])
    place.add("no-moov.mp4", clips["no-moov"])
    place.add("zeros.mp4", clips["zeros"])
    os.mkfifo(place.folder / "pipe.mp4")
    (place.folder / "loop.mp4").symlink_to("loop.mp4")
    (place.folder / "round").symlink_to(place.folder)
    counts = await place.scan()
    items = await place.items()
    assert {path: item.code for path, item in items.items()} == {
        "empty.mp4": "media.empty",
        "text.mp4": "media.not_media",
        "cut.mp4": None,
        "no-moov.mp4": "media.truncated",
        "zeros.mp4": "media.not_media",
    }
    assert items["cut.mp4"].flags == ["media.cut_short"]
    assert counts["unreadable"] == 4
    assert (await place.scan())["read"] == 0


async def test_what_may_pass_is_read_again(place: Place, clips: Clips) -> None:
    place.add("film.mp4", clips["av"])
    await place.scan()
    await MediaItem.all().update(state="unreadable", code="media.probe_timeout", again=True)
    counts = await place.scan()
    assert (counts["changed"], counts["read"], counts["unreadable"]) == (1, 1, 0)


async def test_a_file_that_goes_between_walk_and_probe(
    place: Place, clips: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = place.add("film.mp4", clips["av"])
    locate = place.shelf.locate

    async def vanish(source_id: Any, name: str, /) -> Path | str:
        path.unlink(missing_ok=True)
        return await locate(source_id, name)

    monkeypatch.setattr(place.shelf, "locate", vanish)
    await place.scan()
    item = (await place.items())["film.mp4"]
    assert (item.state, item.code, item.again) == ("unreadable", "storage.not_found", True)
    assert (await place.scan())["removed"] == 1


async def test_a_source_that_is_lost_while_it_is_read_ends_the_scan(place: Place, clips: Clips) -> None:
    for number in range(20):
        place.add(f"{number}.mp4", clips["empty"]).write_bytes(b"x")

    async def lost(source_id: Any, name: str, /) -> Path | str:
        raise TemporaryError("storage.unreachable")

    place.shelf.locate = lost  # type: ignore[method-assign]
    with pytest.raises(TemporaryError):
        await place.scan()
    assert place.counts["read"] < 20


async def test_what_a_job_plays_stays_as_missing_and_comes_back(place: Place, clips: Clips) -> None:
    path = place.add("film.mp4", clips["av"])
    await place.scan()
    item = (await place.items())["film.mp4"]
    parts: dict[str, Any] = {"fallback": {}, "restart": {}, "recording": {}, "tags": []}
    await StreamJob.create(name="Show", source={"kind": "media_item"}, source_kind="media_item", media=item, **parts)
    path.unlink()
    assert (await place.scan())["removed"] == 1
    assert [(each.id, each.state, each.streamable) for each in (await place.items()).values()] == [
        (item.id, "missing", False)
    ]
    place.add("film.mp4", clips["av"])
    await place.scan()
    assert [(each.id, each.state) for each in (await place.items()).values()] == [(item.id, "ready")]


async def test_too_many_files(place: Place, clips: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("castcore_core.media.scan.MOST_FILES", 1)
    for name in ("a.mp4", "b.mp4"):
        place.add(name, clips["empty"])
    with pytest.raises(PermanentError) as caught:
        await place.scan()
    assert caught.value.code == "media.too_many_files"


async def test_long_paths_and_names(place: Place, clips: Clips) -> None:
    folder = "/".join(["x" * 250] * 10)
    place.add(f"{folder}/{'ü' * 125}.mp4", clips["av"])
    await place.scan()
    (item,) = (await place.items()).values()
    assert (item.state, len(item.path)) == ("ready", 10 * 251 + 129)
