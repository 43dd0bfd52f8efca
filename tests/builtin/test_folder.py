"""The local folder: listing, ranges, whole writes, and no way out."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from castcore_core.builtin.folder import LocalFolder, LocalFolderConfig
from castcore_sdk import (
    CastCoreError,
    ConfigurationError,
    NotFoundError,
    PermanentError,
    StoragePath,
    TemporaryError,
    parse_config,
)
from castcore_sdk.folder import CHUNK
from castcore_sdk.testing import MemoryContext


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def storage(root: Path) -> LocalFolder:
    return LocalFolder(parse_config(LocalFolderConfig, {"root": str(root)}), MemoryContext())


async def names(storage: LocalFolder, path: str = "") -> list[str]:
    return [entry.path async for entry in storage.list_dir(StoragePath(path))]


async def content(storage: LocalFolder, path: str, *, offset: int = 0, length: int | None = None) -> bytes:
    async with storage.read(StoragePath(path), offset=offset, length=length) as pieces:
        return b"".join([piece async for piece in pieces])


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_listing_and_describing(storage: LocalFolder, root: Path) -> None:
    (root / "b").mkdir()
    (root / "a ü.mp4").write_bytes(b"1234")
    (root / "b" / "c.mp4").write_bytes(b"")
    entries = {entry.path: entry async for entry in storage.list_dir(StoragePath(""))}
    assert list(entries) == ["a ü.mp4", "b"]
    assert (entries[StoragePath("a ü.mp4")].size, entries[StoragePath("b")].size) == (4, None)
    assert entries[StoragePath("b")].is_dir
    assert await names(storage, "b") == ["b/c.mp4"]
    found = await storage.stat(StoragePath("a ü.mp4"))
    assert found == entries[StoragePath("a ü.mp4")]
    assert found.modified is not None
    assert abs((datetime.now(UTC) - found.modified).total_seconds()) < 60
    (root / "a ü.mp4").write_bytes(b"12345")
    assert (await storage.stat(StoragePath("a ü.mp4"))).etag != found.etag


async def test_many_entries(storage: LocalFolder, root: Path) -> None:
    for number in range(600):
        (root / f"{number:03}").touch()
    assert await names(storage) == [f"{number:03}" for number in range(600)]


@pytest.mark.parametrize(
    ("offset", "length", "wanted"),
    [
        (0, None, b"0123456789"),
        (3, 4, b"3456"),
        (8, 100, b"89"),
        (10, None, b""),
        (99, 5, b""),
        (0, 0, b""),
    ],
)
async def test_ranges(storage: LocalFolder, root: Path, offset: int, length: int | None, wanted: bytes) -> None:
    (root / "a").write_bytes(b"0123456789")
    assert await content(storage, "a", offset=offset, length=length) == wanted


async def test_large_files_come_in_pieces(storage: LocalFolder, root: Path) -> None:
    data = os.urandom(CHUNK * 2 + 5)
    (root / "a").write_bytes(data)
    async with storage.read(StoragePath("a"), offset=1) as read:
        sizes = [len(piece) async for piece in read]
    assert sizes == [CHUNK, CHUNK, 4]
    assert await content(storage, "a", offset=1) == data[1:]


async def test_ffmpeg_gets_the_real_path(storage: LocalFolder, root: Path) -> None:
    (root / "a.mp4").touch()
    (root / "link.mp4").symlink_to("a.mp4")
    assert await storage.local_path(StoragePath("link.mp4")) == root / "a.mp4"


async def test_writing_makes_folders_and_replaces_files(storage: LocalFolder, root: Path) -> None:
    entry = await storage.write(StoragePath("x/y/a"), pieces(b"12", b"", b"34"), size=4)
    assert (entry.path, entry.size) == ("x/y/a", 4)
    await storage.write(StoragePath("x/y/a"), pieces(b"new"))
    assert (root / "x/y/a").read_bytes() == b"new"
    assert await names(storage, "x/y") == ["x/y/a"]
    assert (root / "x/y/a").stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


async def test_half_a_file_is_never_seen(storage: LocalFolder, root: Path) -> None:
    (root / "a").write_bytes(b"old")
    with pytest.raises(TemporaryError) as caught:
        await storage.write(StoragePath("a"), pieces(b"12"), size=4)
    assert (caught.value.code, caught.value.params["written"]) == ("storage.incomplete", 2)

    async def breaks() -> AsyncIterator[bytes]:
        yield b"12"
        raise ValueError("source broke")

    with pytest.raises(ValueError, match="source broke"):
        await storage.write(StoragePath("a"), breaks())
    assert sorted(path.name for path in root.iterdir()) == ["a"]
    assert (root / "a").read_bytes() == b"old"


async def test_a_cancelled_write_leaves_nothing(storage: LocalFolder, root: Path) -> None:
    started = asyncio.Event()

    async def hangs() -> AsyncIterator[bytes]:
        yield b"12"
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(storage.write(StoragePath("a"), hangs()))
    await asyncio.wait_for(started.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(root.iterdir()) == []


async def test_deleting(storage: LocalFolder, root: Path) -> None:
    (root / "b").mkdir()
    (root / "b" / "a").touch()
    (root / "link").symlink_to("/etc/hostname")
    with pytest.raises(PermanentError) as caught:
        await storage.delete(StoragePath("b"))
    assert caught.value.code == "storage.refused"
    for path in ("b/a", "b", "link"):
        await storage.delete(StoragePath(path))
    with pytest.raises(NotFoundError):
        await storage.delete(StoragePath("b"))
    with pytest.raises(ConfigurationError):
        await storage.delete(StoragePath(""))
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("path", ["missing", "file/under", "missing/under"])
async def test_what_is_not_there(storage: LocalFolder, root: Path, path: str) -> None:
    (root / "file").touch()
    for call in (storage.stat, storage.local_path):
        with pytest.raises(NotFoundError):
            await call(StoragePath(path))
    with pytest.raises(NotFoundError):
        await names(storage, path)
    with pytest.raises(NotFoundError):
        await content(storage, path)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../secret", "storage.path_outside"),
        ("in/../../secret", "storage.path_outside"),
        ("/etc/passwd", "storage.path_absolute"),
        ("a\0b", "storage.path_invalid"),
        ("out", "storage.path_outside"),
        ("outfolder/secret", "storage.path_outside"),
        ("absolute", "storage.path_outside"),
    ],
)
async def test_nothing_leads_out(storage: LocalFolder, root: Path, path: str, code: str) -> None:
    secret = root.parent / "secret"
    secret.write_text("secret")
    (root / "in").mkdir()
    (root / "out").symlink_to("../secret")
    (root / "outfolder").symlink_to("..")
    (root / "absolute").symlink_to(secret)
    calls = [storage.stat(StoragePath(path)), storage.local_path(StoragePath(path)), content(storage, path)]
    for call in calls:
        with pytest.raises(ConfigurationError) as caught:
            await call
        assert caught.value.code == code
    if path not in ("out", "absolute"):  # Those two names lie inside, and are replaced or removed themselves.
        with pytest.raises(ConfigurationError):
            await storage.write(StoragePath(path), pieces(b"x"))
        with pytest.raises(ConfigurationError):
            await storage.delete(StoragePath(path))
    assert await names(storage) == ["in"], "links that lead out are not listed"
    assert secret.read_text() == "secret"


async def test_writing_over_a_link_replaces_the_link(storage: LocalFolder, root: Path) -> None:
    secret = root.parent / "secret"
    secret.write_text("secret")
    (root / "a").symlink_to(secret)
    await storage.write(StoragePath("a"), pieces(b"mine"))
    assert secret.read_text() == "secret"
    assert (root / "a").read_text() == "mine"
    assert not (root / "a").is_symlink()


async def test_links_inside_are_followed_and_circles_end(storage: LocalFolder, root: Path) -> None:
    (root / "a").write_text("1")
    (root / "inside").symlink_to("a")
    (root / "circle").symlink_to("circle")
    assert await content(storage, "inside") == b"1"
    assert await names(storage) == ["a", "inside"]
    with pytest.raises(CastCoreError):
        await storage.stat(StoragePath("circle"))


async def test_the_root_may_itself_be_a_link(root: Path) -> None:
    (root / "a").write_text("1")
    (root.parent / "alias").symlink_to(root)
    config = parse_config(LocalFolderConfig, {"root": str(root.parent / "alias")})
    storage = LocalFolder(config, MemoryContext())
    assert await content(storage, "a") == b"1"
    assert await names(storage) == ["a"]


async def test_special_files_do_not_hang(storage: LocalFolder, root: Path) -> None:
    os.mkfifo(root / "pipe")
    assert await names(storage) == []
    with pytest.raises(PermanentError) as caught:
        await asyncio.wait_for(content(storage, "pipe"), 5)
    assert caught.value.code == "storage.not_a_file"


async def test_names_that_are_no_text_are_left_out(storage: LocalFolder, root: Path) -> None:
    Path(os.fsdecode(os.fsencode(root) + b"/\xff.mp4")).touch()
    (root / "line\nbreak").touch()
    assert await names(storage) == ["line\nbreak"]


async def test_check(storage: LocalFolder, root: Path) -> None:
    assert [result.code for result in await storage.check()] == ["storage.readable"]
    root.rmdir()
    (result,) = await storage.check()
    assert (result.code, result.params["path"]) == ("storage.not_found", str(root))
    with pytest.raises(NotFoundError) as caught:
        await storage.stat(StoragePath(""))
    assert caught.value.params["path"] == "/"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.text(alphabet="ab./\0 \udcff~", max_size=12))
def test_no_path_does_worse_than_a_typed_error(storage: LocalFolder, root: Path, path: str) -> None:
    async def use() -> None:
        for call in (storage.stat(StoragePath(path)), content(storage, path), names(storage, path)):
            try:
                await call
            except CastCoreError:
                continue

    asyncio.run(use())
