"""The conformance suite for storage backends."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, ClassVar
from uuid import uuid4

from castcore_sdk.errors import CastCoreError, NotFoundError
from castcore_sdk.storage import StorageBackend, StorageEntry, StoragePath, SupportsWrite, storage_path
from castcore_sdk.testing.comparison import same_bytes, same_names
from castcore_sdk.testing.context import MemoryContext
from castcore_sdk.testing.extension import ExtensionConformance
from castcore_sdk.testing.patience import LIMIT, running, standing, unblocked
from castcore_sdk.testing.wording import no_secret, told

Run = Callable[[Any, StoragePath, MemoryContext], Awaitable[None]]
"""A check: the started backend, the folder it has for itself, the context."""

LARGEST_PIECE = 16 << 20
"""Bytes in one piece: what is read is held in memory by everybody on its way."""
CONTENT = random.Random(4).randbytes((3 << 20) + 17)
"""More than one piece of most backends, and no round number."""
NAMES = (
    "plain.mp4",
    ".hidden.mp4",
    "-dash #1 %41 + & ' [x] ~1.mp4",
    "Übertragung 東京 🎬.mp4",
    "n" * 200 + ".mp4",
)
"""Names that people give and every file system holds."""
RANGES = ((0, None), (0, 1), (1, 1 << 20), (17, 2 << 20), ((1 << 20) - 1, 2), ((3 << 20) + 16, 10), (5, 0), (100, None))
"""Offset and length."""
HOSTILE = (
    "sub\\..\\secret.bin",
    "sub\\inner.bin",
    "..\\{folder}\\secret.bin",
    "\\\\localhost\\c$\\secret.bin",
    "C:\\secret.bin",
    "%2e%2e/{folder}/secret.bin",
    "sub%2f..%2fsecret.bin",
    "%73ecret.bin",
    "secret.bin::$DATA",
    "secret.bin?versionId=1",
    "secret.bin#x",
    "secret.bin\n",
    "secret.bi?",
    "secret.*",
    "*",
    "$(id)",
    "\x01\x7f",
    "x" * 300,
    "/".join("d" * 2000),
)
"""Paths that name nothing, and that a careless backend takes for another one."""


class Stopped(Exception):
    """What a writer's data breaks off with."""


class StorageConformance(ExtensionConformance):
    """Inherit it, set ``extension`` and ``config``, and override ``put`` for a backend that cannot write.

    Where a server is started for the test, an autouse fixture sets ``self.config``. Each check works in a new folder
    of the storage, so that all of them may share one.
    """

    extension: ClassVar[type[StorageBackend[Any]]]
    """The storage backend under test."""
    names: ClassVar[tuple[str, ...]] = NAMES
    """File names that it has to hold."""

    async def put(self, storage: Any, path: StoragePath, data: bytes) -> None:
        """Place a file in the storage, with its folders. By default the backend writes it."""
        assert isinstance(storage, SupportsWrite), "override put: the backend cannot write"
        await storage.write(path, pieces(data), size=len(data))

    def test_the_root_is_a_directory(self) -> None:
        """The empty path is the root: a directory that can be listed."""

        async def run(storage: Any, folder: StoragePath, context: MemoryContext) -> None:
            await self.put(storage, _in(folder, "a.bin"), b"a")
            root = await unblocked(lambda: storage.stat(StoragePath("")))
            assert (root.path, root.is_dir) == ("", True), f"the root is {root}"
            assert folder in {entry.path for entry in await _listed(storage, StoragePath(""))}, (
                "the root lacks a folder"
            )

        self._with(run)

    def test_listing_gives_the_children(self) -> None:
        """A directory's children, and nothing else, with normalised paths and what ``stat`` says of them."""

        async def run(storage: Any, folder: StoragePath, context: MemoryContext) -> None:
            for number, name in enumerate(self.names):
                await self.put(storage, _in(folder, name), bytes(number))
            await self.put(storage, _in(folder, "sub/deeper/x.bin"), b"x")
            entries = await unblocked(lambda: _listed(storage, folder))
            wanted = [_in(folder, name) for name in (*self.names, "sub")]
            same_names((entry.path for entry in entries), wanted, "what is listed")
            for entry in entries:
                _sound(entry)
                assert entry.is_dir == (entry.path == _in(folder, "sub")), f"is_dir of {entry.path}"
                alone = await storage.stat(entry.path)
                assert _identity(alone) == _identity(entry), f"listed as {entry}, stat says {alone}"
            sizes = {entry.path: entry.size for entry in entries}
            for number, name in enumerate(self.names):
                assert sizes[_in(folder, name)] in (number, None), f"size of {name}: {sizes[_in(folder, name)]}"

        self._with(run)

    def test_what_is_missing_is_not_found(self) -> None:
        """``NotFoundError``, from every method, also below a file."""

        async def run(storage: Any, folder: StoragePath, context: MemoryContext) -> None:
            await self.put(storage, _in(folder, "a.bin"), b"a")
            for path in (_in(folder, "no.bin"), _in(folder, "no/no.bin"), _in(folder, "a.bin/no.bin")):
                for name, call in self._calls(storage, path).items():
                    error = await _failure(call)
                    assert isinstance(error, NotFoundError), f"{name} of what is missing: {error!r}"
            error = await _failure(lambda: _listed(storage, _in(folder, "a.bin")))
            assert error is not None, "a file was listed as a directory"

        self._with(run)

    def test_ranges_are_exact(self) -> None:
        """From ``offset`` on, ``length`` at most, nothing beyond the end, in pieces of a size one can hold."""

        async def run(storage: Any, folder: StoragePath, context: MemoryContext) -> None:
            path = _in(folder, "content.bin")
            await self.put(storage, path, CONTENT)
            await self.put(storage, _in(folder, "empty.bin"), b"")
            past = ((len(CONTENT), None), (len(CONTENT) + 1000, 5), (1 << 40, None))
            for offset, length in (*RANGES, *past):
                got = await unblocked(lambda o=offset, n=length: _read(storage, path, o, n))  # type: ignore[misc]
                end = None if length is None else offset + length
                same_bytes(got, CONTENT[offset:end], f"offset {offset}, length {length}")
            same_bytes(await _read(storage, _in(folder, "empty.bin")), b"", "an empty file")

        self._with(run)

    def test_a_large_file_comes_in_pieces(self) -> None:
        """Nobody holds a whole film: its first piece has 16 MiB at most."""

        async def run(storage: Any, folder: StoragePath, context: MemoryContext) -> None:
            path = _in(folder, "large.bin")
            await self.put(storage, path, bytes(LARGEST_PIECE + 1))
            async with storage.read(path) as data:
                _fit(await anext(data))

        self._with(run)

    def test_readers_do_not_disturb_each_other(self) -> None:
        """Several readers of one file, step by step and at once, in one instance and in two."""

        async def run(storage: Any, folder: StoragePath, context: MemoryContext) -> None:
            path = _in(folder, "content.bin")
            await self.put(storage, path, CONTENT)
            offsets = [number * (1 << 19) for number in range(6)]
            got = await asyncio.gather(*(_read(storage, path, offset, 1 << 20) for offset in offsets))
            for offset, piece in zip(offsets, got, strict=True):
                same_bytes(piece, CONTENT[offset : offset + (1 << 20)], f"readers at once, offset {offset}")
            async with self.opened() as (other, _), storage.read(path) as left, other.read(path, offset=5) as right:
                first, second = await anext(left), await anext(right)
                first += b"".join([piece async for piece in left])
                second += b"".join([piece async for piece in right])
            same_bytes(first, CONTENT, "readers in turns, offset 0")
            same_bytes(second, CONTENT[5:], "readers in turns, offset 5")
            same_bytes(await _read(storage, path), CONTENT, "after another instance was closed")

        self._with(run)

    def test_a_directory_cannot_be_read(self) -> None:
        """Reading a directory is a CastCoreError."""

        async def run(storage: Any, folder: StoragePath, context: MemoryContext) -> None:
            await self.put(storage, _in(folder, "sub/a.bin"), b"a")
            error = await _failure(lambda: _read(storage, _in(folder, "sub")))
            assert error is not None, "a directory was read"

        self._with(run)

    def test_a_reader_may_leave(self) -> None:
        """Leaving early and being cancelled lose nothing; a closed backend ends its readers."""

        async def run(storage: Any, folder: StoragePath, context: MemoryContext) -> None:
            path = _in(folder, "content.bin")
            await self.put(storage, path, CONTENT)
            for _ in range(40):
                async with storage.read(path) as data:
                    await anext(data)
            for steps in range(20):
                await _cancelled_after(steps, lambda: _read(storage, path))
            same_bytes(await _read(storage, path), CONTENT, "after readers that left")
            async with AsyncExitStack() as stack:
                data = await stack.enter_async_context(storage.read(path))
                await anext(data)
                await unblocked(storage.close)
                await _failure(lambda: _drain(data))

        self._with(run)

    def test_hostile_paths_lead_nowhere(self) -> None:
        """A path is taken literally: what looks like another one is not found, or refused."""

        async def run(storage: Any, folder: StoragePath, context: MemoryContext) -> None:
            await self.put(storage, _in(folder, "secret.bin"), b"secret")
            await self.put(storage, _in(folder, "sub/inner.bin"), b"inner")
            for form in HOSTILE:
                path = _in(folder, form.replace("{folder}", folder))
                for name, call in self._calls(storage, path).items():
                    error = await _failure(call)
                    assert error is not None, f"{name} of {form[:40]!r} found something"

        self._with(run)

    def test_errors_can_be_read(self) -> None:
        """What goes wrong has texts in English and German, and tells no secret."""
        seen: list[CastCoreError] = []
        lines: list[str] = []

        async def run(storage: Any, folder: StoragePath, context: MemoryContext) -> None:
            await self.put(storage, _in(folder, "sub/a.bin"), b"a")
            for path in (_in(folder, "no.bin"), _in(folder, "sub"), _in(folder, HOSTILE[0]), _in(folder, "x" * 300)):
                for call in self._calls(storage, path).values():
                    error = await _failure(call)
                    seen.extend([error] if error else [])
            lines.extend(context.lines)

        self._with(run)
        for language in ("en", "de"):
            # Core has the texts of its own namespace.
            codes = {error.code for error in seen if not error.code.startswith("storage.")}
            texts = self.catalogue(language) if codes else {}
            missing = sorted(code for code in codes if not texts.get(code, {}).get("message", "").strip())
            assert missing == [], f"no text in {language} for {', '.join(missing)}"
        no_secret(self.secrets(), [*lines, *(text for error in seen for text in told(error))], "an error or a log line")

    def test_a_local_path_is_the_file(self) -> None:
        """Where there is one, it holds the same bytes; where the file is missing, it is not found."""

        async def run(storage: Any, folder: StoragePath, context: MemoryContext) -> None:
            path = _in(folder, "content.bin")
            await self.put(storage, path, CONTENT)
            place = await storage.local_path(path)
            if place is None:
                return
            assert place.is_absolute(), f"{place} is not absolute"
            same_bytes(await asyncio.to_thread(place.read_bytes), CONTENT, f"{place} is another file")
            error = await _failure(lambda: storage.local_path(_in(folder, "no.bin")))
            assert isinstance(error, NotFoundError), f"local_path of what is missing: {error!r}"

        self._with(run)

    def test_what_is_written_is_there(self) -> None:
        """Any size, in any pieces, into new directories, over an older file."""

        async def run(storage: Any, folder: StoragePath, context: MemoryContext) -> None:
            contents = (b"", b"x", CONTENT, CONTENT[:1000])
            for number, content in enumerate(contents):
                for path in (_in(folder, f"new/{number}/Übertragung.bin"), _in(folder, "again.bin")):
                    data, size = pieces(content, 700_001), len(content) if number % 2 else None
                    entry = await unblocked(lambda p=path, d=data, s=size: storage.write(p, d, size=s))  # type: ignore[misc]
                    alone = await storage.stat(path)
                    assert _identity(entry) == _identity(alone), f"written as {entry}, stat says {alone}"
                    same_bytes(await _read(storage, path), content, "what was written")
            error = await _failure(lambda: storage.write(folder, pieces(b"x")))
            assert error is not None, "a file was written over a directory"

        self._writing(run)

    def test_a_write_is_whole_or_nothing(self) -> None:
        """Data that breaks off, a wrong size and a cancelled call leave everything as it was."""

        async def run(storage: Any, folder: StoragePath, context: MemoryContext) -> None:
            old = _in(folder, "old.bin")
            await storage.write(old, pieces(b"old"))
            for path in (old, _in(folder, "new.bin")):
                await self._aborted(storage, path)
                same_bytes(await _read(storage, old), b"old", "the older file is gone or changed")
                same_names((entry.path for entry in await _listed(storage, folder)), [old], "left behind")

        self._writing(run)

    def test_nobody_sees_half_a_file(self) -> None:
        """While a file is written there is the older one or none; what it is written to begins with a dot."""

        async def run(storage: Any, folder: StoragePath, context: MemoryContext) -> None:
            old, new = _in(folder, "old.bin"), _in(folder, "new.bin")
            await storage.write(old, pieces(b"old"))
            for path in (old, new):
                held = _Held()
                task = asyncio.create_task(storage.write(path, held.data()))
                try:
                    await asyncio.wait_for(held.reached.wait(), LIMIT / 2)
                    same_bytes(await _read(storage, old), b"old", "the older file changed before the new one was whole")
                    assert path == old or isinstance(await _failure(lambda: storage.stat(new)), NotFoundError), (
                        "half a file can be seen"
                    )
                    names = {entry.path.rpartition("/")[2] for entry in await _listed(storage, folder)}
                    extra = [name for name in names - {"old.bin"} if not name.startswith(".")]
                    assert extra == [], f"listed while it is written: {extra}"
                finally:
                    held.go.set()
                    await asyncio.wait_for(task, LIMIT / 2)
                same_bytes(await _read(storage, path), CONTENT, "what was written slowly")
                await storage.write(old, pieces(b"old"))

        self._writing(run)

    def test_deleting(self) -> None:
        """A file goes and is not found afterwards; a directory that holds something stays, and so does the root."""

        async def run(storage: Any, folder: StoragePath, context: MemoryContext) -> None:
            path = _in(folder, "sub/a.bin")
            await storage.write(path, pieces(b"a"))
            await storage.write(_in(folder, "b.bin"), pieces(b"b"))
            for kept in (_in(folder, "sub"), StoragePath("")):
                error = await _failure(lambda p=kept: storage.delete(p))  # type: ignore[misc]
                assert error is not None, f"a directory that is not empty was deleted: {kept or 'the root'}"
            same_bytes(await _read(storage, path), b"a", "deleting a directory took its files")
            await unblocked(lambda: storage.delete(path))
            for name, call in {**self._calls(storage, path), "delete": lambda: storage.delete(path)}.items():
                if name != "list_dir":
                    error = await _failure(call)
                    assert isinstance(error, NotFoundError), f"{name} of what was deleted: {error!r}"
            same_bytes(await _read(storage, _in(folder, "b.bin")), b"b", "another file went with it")

        self._writing(run)

    async def _aborted(self, storage: Any, path: StoragePath) -> None:
        """Try to write ``path`` in every way that has to fail."""
        for content in (b"", b"half", CONTENT):
            try:
                await storage.write(path, _broken(content))
            except Stopped:
                continue
            raise AssertionError("data that broke off was taken for a whole file")
        for size in (2, 4_000):
            error = await _failure(lambda s=size: storage.write(path, pieces(b"three"), size=s))  # type: ignore[misc]
            assert error is not None, f"5 bytes were taken although {size} were announced"
        for steps in range(12):
            await _cancelled_after(steps, lambda: storage.write(path, _slow(CONTENT)))

    def _calls(self, storage: Any, path: StoragePath) -> dict[str, Callable[[], Awaitable[Any]]]:
        return {
            "list_dir": lambda: _listed(storage, path),
            "stat": lambda: storage.stat(path),
            "read": lambda: _read(storage, path),
        }

    def _writing(self, run: Run) -> None:
        if issubclass(self.extension, SupportsWrite):
            self._with(run)

    def _with(self, run: Run) -> None:
        async def main() -> None:
            async with self.opened() as (storage, context):
                await run(storage, StoragePath(f"conformance-{uuid4().hex[:12]}"), context)

        running(main())


async def pieces(data: bytes, size: int = 1 << 20) -> AsyncIterator[bytes]:
    """Yield ``data`` in pieces of ``size`` bytes."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def _broken(data: bytes) -> AsyncIterator[bytes]:
    async for piece in pieces(data):
        yield piece
    raise Stopped


async def _slow(data: bytes) -> AsyncIterator[bytes]:
    async for piece in pieces(data, 500_000):
        yield piece
        await asyncio.sleep(0.005)
    # Long enough to be cancelled before the end, whatever the backend holds back.
    await asyncio.sleep(LIMIT)


class _Held:
    """Data that stops half-way until it may go on."""

    def __init__(self) -> None:
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    async def data(self) -> AsyncIterator[bytes]:
        half = len(CONTENT) // 2
        yield CONTENT[:half]
        self.reached.set()
        await self.go.wait()
        yield CONTENT[half:]


async def _cancelled_after(steps: int, call: Callable[[], Awaitable[Any]]) -> None:
    """Cancel ``call()`` after some turns of the event loop and a few milliseconds."""
    task = asyncio.ensure_future(call())
    for _ in range(steps):
        await asyncio.sleep(0.002 if steps % 2 else 0)
    task.cancel()
    await asyncio.wait([task], timeout=LIMIT / 2)
    assert task.done(), f"it went on for {LIMIT / 2:g} s after it was cancelled, at {standing(task)}"
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error


async def _listed(storage: Any, path: StoragePath) -> list[StorageEntry]:
    return [entry async for entry in storage.list_dir(path)]


async def _read(storage: Any, path: StoragePath, offset: int = 0, length: int | None = None) -> bytes:
    async with storage.read(path, offset=offset, length=length) as data:
        return await _drain(data)


async def _drain(data: AsyncIterator[bytes]) -> bytes:
    got = []
    async for piece in data:
        _fit(piece)
        got.append(piece)
    return b"".join(got)


def _fit(piece: object) -> None:
    if not isinstance(piece, bytes):
        raise AssertionError(f"a piece is {type(piece).__name__}, not bytes")
    if len(piece) > LARGEST_PIECE:
        raise AssertionError(f"a piece of {len(piece)} bytes: {LARGEST_PIECE} at most")


async def _failure(call: Callable[[], Awaitable[Any]]) -> CastCoreError | None:
    """Return the CastCoreError that ``call()`` ends with, None where it ends well."""
    try:
        await unblocked(call)
    except CastCoreError as error:
        return error
    except (AssertionError, TimeoutError):
        raise
    except Exception as error:
        raise AssertionError(f"{type(error).__name__} instead of a CastCoreError: {error}") from error
    return None


def _sound(entry: StorageEntry) -> None:
    assert isinstance(entry, StorageEntry), f"{entry!r} is no StorageEntry"
    assert storage_path(entry.path) == entry.path, f"{entry.path!r} is not normalised"
    assert entry.modified is None or entry.modified.tzinfo is not None, f"{entry.path}: modified has no time zone"
    assert not entry.is_dir or entry.size is None, f"{entry.path}: a directory of {entry.size} bytes"


def _identity(entry: StorageEntry) -> tuple[str, bool, int | None, str | None]:
    return (entry.path, entry.is_dir, entry.size, entry.etag)


def _in(folder: str, name: str) -> StoragePath:
    return storage_path(f"{folder}/{name}")
