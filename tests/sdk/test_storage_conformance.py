"""The storage suite: a good plugin passes, and for each check there is a bad one that fails it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from castcore_sdk import (
    CastCoreError,
    CheckResult,
    ExtensionConfig,
    NotFoundError,
    PermanentError,
    Secret,
    Severity,
    StorageBackend,
    StorageEntry,
    StoragePath,
    SupportsWrite,
    TemporaryError,
)
from castcore_sdk.testing import StorageConformance, patience, storage

PASSWORD = "canary-of-the-folder"


class GoodConfig(ExtensionConfig):
    """Settings of the good storage."""

    root: str
    """The folder."""
    password: Secret
    """Locks nothing."""


class Good(StorageBackend[GoodConfig], SupportsWrite):
    """A folder without symbolic links."""

    id = "good"

    async def check(self) -> Sequence[CheckResult]:
        return [CheckResult(code="good.ready", severity=Severity.OK)]

    async def list_dir(self, path: StoragePath, /) -> AsyncIterator[StorageEntry]:
        folder = self._place(path)
        try:
            names = await self.context.run_blocking(os.listdir, folder)
        except OSError as error:
            raise _typed(error) from None
        for name in names:
            yield await self.stat(StoragePath(f"{path}/{name}".lstrip("/")))

    async def stat(self, path: StoragePath, /) -> StorageEntry:
        try:
            found = await self.context.run_blocking(os.stat, self._place(path))
        except OSError as error:
            raise _typed(error) from None
        is_dir = self._place(path).is_dir()
        return StorageEntry(
            path=path,
            is_dir=is_dir,
            size=None if is_dir else found.st_size,
            modified=datetime.fromtimestamp(found.st_mtime, UTC),
            etag=None if is_dir else str(found.st_mtime_ns),
        )

    def read(
        self, path: StoragePath, /, *, offset: int = 0, length: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return self._reader(path, offset, length)

    async def local_path(self, path: StoragePath, /) -> Path | None:
        await self.stat(path)
        return self._place(path)

    async def write(self, path: StoragePath, data: AsyncIterator[bytes], /, *, size: int | None = None) -> StorageEntry:
        place = self._place(path)
        part = place.parent / f".part-{uuid4().hex}"
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as file:
                async for piece in data:
                    file.write(piece)
                if size is not None and file.tell() != size:
                    raise TemporaryError("good.incomplete")
            os.replace(part, place)
        except OSError as error:
            raise _typed(error) from None
        finally:
            part.unlink(missing_ok=True)
        return await self.stat(path)

    async def delete(self, path: StoragePath, /) -> None:
        place = self._place(path)
        try:
            place.rmdir() if place.is_dir() else place.unlink()
        except OSError as error:
            raise _typed(error) from None

    def _place(self, path: str) -> Path:
        return Path(self.config.root, path)

    @asynccontextmanager
    async def _reader(self, path: StoragePath, offset: int, length: int | None) -> AsyncIterator[AsyncIterator[bytes]]:
        try:
            file = self._place(path).open("rb")
        except OSError as error:
            raise _typed(error) from None
        with file:
            yield _pieces(file.fileno(), offset, length)


async def _pieces(descriptor: int, offset: int, length: int | None) -> AsyncIterator[bytes]:
    end = 1 << 62 if length is None else offset + length
    while piece := os.pread(descriptor, min(1 << 20, end - offset), offset):
        yield piece
        offset += len(piece)
        await asyncio.sleep(0)


def _typed(error: OSError) -> CastCoreError:
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return NotFoundError("good.not_found")
    return PermanentError("good.refused", detail=error.strerror or "")


TEXTS = {name: {"message": name} for name in ("good.ready", "good.not_found", "good.refused", "good.incomplete")}


class Suite(StorageConformance):
    extension = Good

    def catalogue(self, language: str) -> Mapping[str, Mapping[str, str]]:
        return TEXTS


class TestGood(Suite):
    """The whole suite passes."""

    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.config = {"root": str(tmp_path), "password": PASSWORD}


class NoWrite(StorageBackend[GoodConfig]):
    """A backend that can only be read."""

    id = "good"
    check, list_dir, stat, read = Good.check, Good.list_dir, Good.stat, Good.read
    _place, _reader = Good._place, Good._reader


class TestReadOnly(TestGood):
    """A backend that cannot write passes with files that are put beside it."""

    extension = NoWrite

    async def put(self, storage: Any, path: StoragePath, data: bytes) -> None:
        place = Path(storage.config.root, path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


class NoFolders(Good):
    """Below: one way each to be bad."""

    async def stat(self, path: StoragePath, /) -> StorageEntry:
        if not path:
            raise NotFoundError("good.not_found")
        return await super().stat(path)


class Dots(Good):
    async def list_dir(self, path: StoragePath, /) -> AsyncIterator[StorageEntry]:
        yield StorageEntry(path=StoragePath(f"{path}/."), is_dir=True)
        async for entry in super().list_dir(path):
            yield entry


class OtherSizes(Good):
    async def list_dir(self, path: StoragePath, /) -> AsyncIterator[StorageEntry]:
        async for entry in super().list_dir(path):
            yield StorageEntry(path=entry.path, is_dir=entry.is_dir, size=entry.size and entry.size + 1)


class NoZone(Good):
    async def stat(self, path: StoragePath, /) -> StorageEntry:
        entry = await super().stat(path)
        return StorageEntry(path=path, is_dir=entry.is_dir, size=entry.size, modified=datetime(2020, 1, 1))


class Blocks(Good):
    async def stat(self, path: StoragePath, /) -> StorageEntry:
        time.sleep(0.7)
        return await super().stat(path)


class Untyped(Good):
    async def stat(self, path: StoragePath, /) -> StorageEntry:
        os.stat(self._place(path))
        return await super().stat(path)


class EmptyWhereMissing(Good):
    async def list_dir(self, path: StoragePath, /) -> AsyncIterator[StorageEntry]:
        try:
            async for entry in super().list_dir(path):
                yield entry
        except CastCoreError:
            return


class ForgetsLength(Good):
    def read(
        self, path: StoragePath, /, *, offset: int = 0, length: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return super().read(path, offset=offset, length=length and length + 1)


class OnePiece(Good):
    @asynccontextmanager
    async def _reader(self, path: StoragePath, offset: int, length: int | None) -> AsyncIterator[AsyncIterator[bytes]]:
        async def pieces() -> AsyncIterator[bytes]:
            yield bytes(32 << 20)

        yield pieces()


class WholeFile(Good):
    @asynccontextmanager
    async def _reader(self, path: StoragePath, offset: int, length: int | None) -> AsyncIterator[AsyncIterator[bytes]]:
        async def pieces() -> AsyncIterator[bytes]:
            yield await self.context.run_blocking(self._place(path).read_bytes)

        yield pieces()


class OneCursor(Good):
    """All readers share one position."""

    at = 0

    @asynccontextmanager
    async def _reader(self, path: StoragePath, offset: int, length: int | None) -> AsyncIterator[AsyncIterator[bytes]]:
        Good.at = offset

        async def pieces() -> AsyncIterator[bytes]:
            end = 1 << 62 if length is None else offset + length
            with self._place(path).open("rb") as file:
                while piece := os.pread(file.fileno(), min(1 << 18, max(0, end - Good.at)), Good.at):
                    Good.at += len(piece)
                    yield piece
                    await asyncio.sleep(0)

        yield pieces()


Good.at = 0  # type: ignore[attr-defined]


class ReadsDirectories(Good):
    @asynccontextmanager
    async def _reader(self, path: StoragePath, offset: int, length: int | None) -> AsyncIterator[AsyncIterator[bytes]]:
        if self._place(path).is_dir():
            path = StoragePath(f"{path}/a.bin")
        async with super()._reader(path, offset, length) as data:
            yield data


class OneReader(Good):
    """A reader that leaves keeps its place."""

    @asynccontextmanager
    async def _reader(self, path: StoragePath, offset: int, length: int | None) -> AsyncIterator[AsyncIterator[bytes]]:
        self.left = getattr(self, "left", 0) + 1
        if self.left > 4:
            raise RuntimeError("no place left")
        async with super()._reader(path, offset, length) as data:
            yield self._to_the_end(data)

    async def _to_the_end(self, data: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for piece in data:
            yield piece
        self.left -= 1


class Backslashes(Good):
    def _place(self, path: str) -> Path:
        return super()._place(path.replace("\\", "/"))


class Quoted(Good):
    def _place(self, path: str) -> Path:
        return super()._place(path.replace("%73", "s"))


class TellsPassword(Good):
    async def stat(self, path: StoragePath, /) -> StorageEntry:
        self.context.log.info("with %s", self.config.password.get_secret_value())
        return await super().stat(path)


class OtherCode(Good):
    async def delete(self, path: StoragePath, /) -> None:
        raise NotFoundError("good.unheard")

    async def stat(self, path: StoragePath, /) -> StorageEntry:
        try:
            return await super().stat(path)
        except NotFoundError:
            raise NotFoundError("good.unheard") from None


class OtherLocalPath(Good):
    async def local_path(self, path: StoragePath, /) -> Path | None:
        return Path(__file__)


class HopefulLocalPath(Good):
    async def local_path(self, path: StoragePath, /) -> Path | None:
        return self._place(path)


class WritesInPlace(Good):
    async def write(self, path: StoragePath, data: AsyncIterator[bytes], /, *, size: int | None = None) -> StorageEntry:
        place = self._place(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb", buffering=0) as file:
            async for piece in data:
                file.write(piece)
        return await self.stat(path)


class TidiesUp(WritesInPlace):
    """It writes in place, and takes away what failed: an older file with it."""

    async def write(self, path: StoragePath, data: AsyncIterator[bytes], /, *, size: int | None = None) -> StorageEntry:
        try:
            entry = await super().write(path, data)
            if size is not None and entry.size != size:
                raise TemporaryError("good.incomplete")
        except BaseException:
            self._place(path).unlink()
            raise
        return entry


class SwallowsErrors(Good):
    async def write(self, path: StoragePath, data: AsyncIterator[bytes], /, *, size: int | None = None) -> StorageEntry:
        async def quiet() -> AsyncIterator[bytes]:
            try:
                async for piece in data:
                    yield piece
            except storage.Stopped:
                return

        return await super().write(path, quiet(), size=size)


class TrustsSize(Good):
    async def write(self, path: StoragePath, data: AsyncIterator[bytes], /, *, size: int | None = None) -> StorageEntry:
        return await super().write(path, data)


class FixedPart(Good):
    async def write(self, path: StoragePath, data: AsyncIterator[bytes], /, *, size: int | None = None) -> StorageEntry:
        place = self._place(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name("writing")
        with part.open("wb") as file:
            async for piece in data:
                file.write(piece)
        os.replace(part, place)
        return await self.stat(path)


class NoNewFolders(Good):
    async def write(self, path: StoragePath, data: AsyncIterator[bytes], /, *, size: int | None = None) -> StorageEntry:
        if not self._place(path).parent.parent.exists():
            raise PermanentError("good.refused")
        return await super().write(path, data, size=size)


class OldEntry(Good):
    async def write(self, path: StoragePath, data: AsyncIterator[bytes], /, *, size: int | None = None) -> StorageEntry:
        entry = await super().write(path, data, size=size)
        return StorageEntry(path=entry.path, is_dir=False, size=0)


class DeletesTrees(Good):
    async def delete(self, path: StoragePath, /) -> None:
        for place in sorted(self._place(path).rglob("*"), reverse=True):
            place.rmdir() if place.is_dir() else place.unlink()
        await super().delete(path)


class DeletesNothing(Good):
    async def delete(self, path: StoragePath, /) -> None:
        if self._place(path).is_dir():
            raise PermanentError("good.refused")


BAD: list[tuple[str, type[Good], str]] = [
    ("test_the_root_is_a_directory", NoFolders, r"good\.not_found"),
    ("test_listing_gives_the_children", Dots, r"what is listed: missing nothing; too much "),
    ("test_listing_gives_the_children", OtherSizes, r"stat says"),
    ("test_listing_gives_the_children", NoZone, r"no time zone"),
    ("test_what_is_missing_is_not_found", Untyped, r"FileNotFoundError instead of a CastCoreError"),
    ("test_what_is_missing_is_not_found", EmptyWhereMissing, r"list_dir of what is missing"),
    ("test_ranges_are_exact", ForgetsLength, r"offset 0, length 1:"),
    ("test_ranges_are_exact", OnePiece, r"a piece of 33554432 bytes"),
    ("test_a_large_file_comes_in_pieces", WholeFile, r"a piece of 16777217 bytes"),
    ("test_readers_do_not_disturb_each_other", OneCursor, r"other bytes"),
    ("test_a_directory_cannot_be_read", ReadsDirectories, r"a directory was read"),
    ("test_a_reader_may_leave", OneReader, r"no place left"),
    ("test_hostile_paths_lead_nowhere", Backslashes, r"found something"),
    ("test_hostile_paths_lead_nowhere", Quoted, r"'%73ecret.bin' found something"),
    ("test_errors_can_be_read", TellsPassword, r"a secret is in"),
    ("test_errors_can_be_read", OtherCode, r"no text in en for good\.unheard"),
    ("test_a_local_path_is_the_file", OtherLocalPath, r"is another file"),
    ("test_a_local_path_is_the_file", HopefulLocalPath, r"local_path of what is missing"),
    ("test_what_is_written_is_there", NoNewFolders, r"good\.refused"),
    ("test_what_is_written_is_there", OldEntry, r"written as"),
    ("test_the_root_is_a_directory", Blocks, r"stood still"),
    ("test_a_write_is_whole_or_nothing", SwallowsErrors, r"taken for a whole file"),
    ("test_a_write_is_whole_or_nothing", TrustsSize, r"although 2 were announced"),
    ("test_a_write_is_whole_or_nothing", TidiesUp, r"good\.not_found"),
    ("test_nobody_sees_half_a_file", WritesInPlace, r"before the new one was whole"),
    ("test_nobody_sees_half_a_file", FixedPart, r"listed while it is written"),
    ("test_deleting", DeletesTrees, r"not empty was deleted"),
    ("test_deleting", DeletesNothing, r"of what was deleted"),
]


@pytest.mark.parametrize(("check", "extension", "reason"), BAD, ids=[f"{kind.__name__}" for _, kind, _ in BAD])
def test_a_bad_storage_fails_its_check(
    check: str, extension: type[Good], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")  # pytest then compares without limits, and a failing check still has to end
    suite = type("BadSuite", (Suite,), {"extension": extension})()
    suite.config = {"root": str(tmp_path), "password": PASSWORD}
    with pytest.raises((AssertionError, CastCoreError, RuntimeError), match=reason):
        getattr(suite, check)()


def test_what_hangs_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Hangs(Good):
        async def stat(self, path: StoragePath, /) -> StorageEntry:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr(patience, "LIMIT", 0.2)
    suite = type("BadSuite", (Suite,), {"extension": Hangs})()
    suite.config = {"root": str(tmp_path), "password": PASSWORD}
    with pytest.raises(AssertionError, match=rf"not done after 0\.2 s: it waits at {__file__}:\d+ in stat"):
        suite.test_the_root_is_a_directory()


def test_a_backend_that_cannot_write_has_to_say_how_files_get_there(tmp_path: Path) -> None:
    suite = type("Suite", (Suite,), {"extension": NoWrite})()
    suite.config = {"root": str(tmp_path), "password": PASSWORD}
    with pytest.raises(AssertionError, match="override put"):
        suite.test_ranges_are_exact()


def _checks() -> Iterator[str]:
    inherited = dir(storage.ExtensionConformance)
    return (name for name in dir(StorageConformance) if name.startswith("test_") and name not in inherited)


def test_every_check_of_the_suite_has_a_bad_plugin() -> None:
    assert set(_checks()) == {check for check, *_ in BAD}
