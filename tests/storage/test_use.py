"""What the server itself does with a storage: walk it, read, write and remove files; and the local folder."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from castcore_core.accounts.role import Role
from castcore_core.storage.source import StorageSources
from castcore_sdk import CastCoreError
from engine.scene import House
from storage.scene import Place


async def given(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@pytest.fixture
async def writable(home: House, place: Place) -> Place:
    """A source that may be written to."""
    values = {"config": dict(place.faults.config) | {"root": str(place.faults.folder / "out")}}
    (place.faults.folder / "out").mkdir()
    row = await home.core.get(StorageSources).create("out", "awkward", values["config"], Role.ADMIN, read_only=False)
    return Place(home.core, place.faults, str(row.id))


async def test_a_walk_finds_every_file_of_every_folder(place: Place) -> None:
    for name in ("a.mp4", "b/c.mp4", "b/d/e.mp4", "b/d/f.mp4", "empty/.keep"):
        (place.faults.root / name).parent.mkdir(parents=True, exist_ok=True)
        (place.faults.root / name).write_bytes(b"x")
    found = sorted([entry.path async for entry in place.storage.walk(place.id)])
    assert found == ["a.mp4", "b/c.mp4", "b/d/e.mp4", "b/d/f.mp4", "empty/.keep"]
    assert [entry.path async for entry in place.storage.walk(place.id, "empty")] == ["empty/.keep"]
    with pytest.raises(CastCoreError) as caught:
        await anext(place.storage.walk(place.id, "nothing"))
    assert caught.value.code == "storage.not_found"


async def test_a_folder_of_thousands_is_walked_soon(place: Place) -> None:
    for number in range(5000):
        (place.faults.root / f"{number:05}.mp4").touch()
    await place.storage.check(place.id)
    begun = time.monotonic()
    assert len([entry async for entry in place.storage.walk(place.id)]) == 5000
    assert time.monotonic() - begun < 3


async def test_a_walk_that_is_left_ends_the_listing(place: Place) -> None:
    for number in range(1000):
        (place.faults.root / f"{number:05}.mp4").touch()
    async with aclosing(place.storage.walk(place.id)) as walk:
        assert (await anext(walk)).path == "00000.mp4"
    assert (await place.storage.stat(place.id, "00999.mp4")).size == 0


async def test_files_are_read_in_parts(place: Place) -> None:
    data = bytes(range(256)) * 2000
    (place.faults.root / "a").write_bytes(data)
    async with place.storage.read(place.id, "a", offset=1000, length=300_000) as pieces:
        assert b"".join([piece async for piece in pieces]) == data[1000:301_000]
    async with place.storage.read(place.id, "a", offset=len(data)) as pieces:
        assert [piece async for piece in pieces] == []
    with pytest.raises(CastCoreError) as caught:
        async with place.storage.read(place.id, "nothing"):
            pass
    assert caught.value.code == "plugins.call_failed"


async def test_a_read_that_breaks_off_says_why(place: Place) -> None:
    (place.faults.root / "a").write_bytes(b"x" * 20_000_000)
    async with place.storage.read(place.id, "a") as pieces:
        await anext(pieces)
        place.faults.fault("down")
        with pytest.raises(CastCoreError) as caught:
            [piece async for piece in pieces]
    assert caught.value.code == "awkward.down"


async def test_files_are_written_whole_or_not_at_all(writable: Place) -> None:
    storage, root = writable.storage, writable.faults.folder / "out"
    entry = await storage.write(writable.id, "new", given(b"a" * 100_000, b"b"), size=100_001)
    assert (entry.size, (root / "new").stat().st_size) == (100_001, 100_001)

    async def broken() -> AsyncIterator[bytes]:
        yield b"some"
        raise RuntimeError("the sender has a fault")

    with pytest.raises(RuntimeError):
        await storage.write(writable.id, "half", broken())
    async with asyncio.timeout(5):
        while (root / ".part").exists():
            await asyncio.sleep(0.02)
    assert not (root / "half").exists()

    writable.faults.fault("full")
    with pytest.raises(CastCoreError) as caught:
        await storage.write(writable.id, "full", given(*[b"x" * 1_000_000] * 20))
    assert caught.value.code == "awkward.full"
    assert not (root / "full").exists()
    await storage.delete(writable.id, "new")
    assert list(root.iterdir()) == []


async def test_a_refusal_arrives_at_a_server_that_is_too_busy_to_hear_it_at_once(writable: Place) -> None:
    async def busily() -> AsyncIterator[bytes]:
        for _ in range(8):
            yield b"x" * 1_000_000
            time.sleep(0.1)  # the loop stands still: the refusal comes meanwhile, and is not read

    writable.faults.fault("full")
    with pytest.raises(CastCoreError) as caught:
        await writable.storage.write(writable.id, "full", busily())
    assert caught.value.code == "awkward.full"


async def test_a_source_for_reading_is_not_written_to(place: Place) -> None:
    for attempt in (place.storage.write(place.id, "a", given(b"x")), place.storage.delete(place.id, "a")):
        with pytest.raises(CastCoreError) as caught:
            await attempt
        assert caught.value.code == "storage.read_only"


async def test_a_slow_upload_is_not_cut_off_while_it_moves(writable: Place) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(8):
            await asyncio.sleep(0.5)  # 4 s, and the plugin's time limit is 3 s
            yield b"x"

    assert (await writable.storage.write(writable.id, "slow", slowly())).size == 8


async def test_links_in_a_circle_end_a_walk_and_do_not_lead_out(home: House, data: Path) -> None:
    root = data / "media" / "links"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "film.mp4").write_bytes(b"x")
    (root / "a" / "b" / "up").symlink_to(root / "a")
    (root / "a" / "side").symlink_to(root / "c")
    (root / "c").mkdir()
    (root / "c" / "back").symlink_to(root / "a")
    (root / "out").symlink_to(data)
    row = await home.core.get(StorageSources).create("Here", "local", {"root": str(root)}, Role.ADMIN)
    place = Place(home.core, None, str(row.id))  # type: ignore[arg-type]
    async with asyncio.timeout(10):
        found = [entry.path async for entry in place.storage.walk(place.id)]
    assert sorted(found) == ["a/film.mp4", "c/back/film.mp4"]
    assert await place.storage.locate(place.id, "a/film.mp4") == (root / "a" / "film.mp4").resolve()
    for path, code in (("out/castcore.db", "storage.path_outside"), ("nothing", "storage.not_found")):
        with pytest.raises(CastCoreError) as caught:
            await place.storage.locate(place.id, path)
        assert caught.value.code == code
