"""castcore-nfs against a real nfs-ganesha that is stopped, frozen, full, and changed under its feet."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from castcore_nfs import backend as nfs
from castcore_sdk import (
    CheckResult,
    ConfigurationError,
    NotFoundError,
    PermanentError,
    Severity,
    StoragePath,
    TemporaryError,
    parse_config,
)
from castcore_sdk.testing import MemoryContext
from castcore_sdk.testing.comparison import same_bytes
from servers.fault import Gate
from servers.ganesha import Ganesha, ganesha
from servers.process import free_port
from servers.slow import SlowLine

__all__ = ["ganesha"]

CONTENT = random.Random(1).randbytes(6 << 20)
FILE = StoragePath("film.mp4")


@pytest.fixture(scope="module")
def shared() -> Iterator[Ganesha]:
    """One server for all tests that change nothing about it."""
    with Ganesha() as server:
        server.folder().joinpath("film.mp4").write_bytes(CONTENT)
        yield server


@asynccontextmanager
async def opened(settings: dict[str, Any]) -> AsyncIterator[Any]:
    async with MemoryContext(plugin_id="nfs") as context:
        storage = nfs.NfsStorage(parse_config(nfs.NfsConfig, settings), context)
        try:
            yield storage
        finally:
            await storage.close()


async def checked(settings: dict[str, Any]) -> list[CheckResult]:
    async with opened(settings) as storage:
        return list(await storage.check())


async def read(storage: Any, path: StoragePath = FILE, **part: int) -> bytes:
    async with storage.read(path, **part) as data:
        return b"".join([piece async for piece in data])


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@pytest.mark.parametrize(
    ("export", "last"), [("media", "nfs.writable"), ("fixed", "nfs.readable"), ("squashed", "nfs.readable")]
)
async def test_what_works_is_told(shared: Ganesha, export: str, last: str) -> None:
    results = await checked(shared.settings(export))
    assert [(result.code, result.severity) for result in results] == [
        ("nfs.connected", Severity.OK),
        (last, Severity.OK),
    ]


@pytest.mark.parametrize(
    ("export", "other", "code", "field"),
    [
        ("nothing", {}, "nfs.export_unknown", "export"),
        ("secured", {}, "nfs.security", "export"),
        ("media", {"host": "castcore-test.invalid"}, "nfs.host_unknown", "host"),
        ("media", {"port": free_port()}, "nfs.unreachable", "host"),
    ],
)
async def test_what_does_not_work_names_the_setting(
    shared: Ganesha, export: str, other: dict[str, Any], code: str, field: str
) -> None:
    (result,) = await checked(shared.settings(export, **other))
    assert (result.code, result.severity, result.config_field) == (code, Severity.ERROR, field)


async def test_a_folder_below_an_export_is_a_root_of_its_own(shared: Ganesha) -> None:
    folder = shared.folder() / "video/archive"
    folder.mkdir(parents=True)
    (folder / "old.mp4").write_bytes(b"old")
    async with opened(shared.settings("media/video/archive")) as storage:
        assert [entry.path async for entry in storage.list_dir(StoragePath(""))] == ["old.mp4"]
        with pytest.raises(NotFoundError):
            await storage.stat(FILE)


async def test_a_server_that_accepts_and_is_silent(shared: Ganesha) -> None:
    async with Gate() as gate:
        await gate.lead_nowhere()
        began = time.monotonic()
        (result,) = await checked(shared.settings(port=gate.port, timeout=1))
    assert result.code == "nfs.silent"
    assert time.monotonic() - began < 5


async def test_a_port_that_speaks_something_else(shared: Ganesha) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        (result,) = await checked(shared.settings(port=port, timeout=1))
    assert result.code in ("nfs.connection_lost", "nfs.silent")


async def test_the_event_loop_goes_on_while_a_server_hangs(ganesha: Ganesha) -> None:
    """The binding of libnfs would hold Python's lock here, and with it every other reader of the process."""
    ganesha.folder().joinpath("film.mp4").write_bytes(CONTENT)
    async with opened(ganesha.settings(timeout=2)) as storage:
        await storage.stat(FILE)
        ganesha.freeze()
        reading = asyncio.create_task(read(storage))
        longest, last = 0.0, time.monotonic()
        while not reading.done():
            await asyncio.sleep(0.01)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        ganesha.thaw()
        with pytest.raises(TemporaryError) as caught:
            await reading
        assert caught.value.code == "nfs.silent"
        assert longest < 0.5
        same_bytes(await read(storage), CONTENT, "what was read")


async def test_nothing_can_be_written_where_the_server_forbids_it(shared: Ganesha) -> None:
    shared.folder("fixed").joinpath("old.mp4").write_bytes(b"old")
    async with opened(shared.settings("fixed")) as storage:
        for call in (
            storage.write(StoragePath("new.mp4"), pieces(b"x")),
            storage.write(StoragePath("folder/new.mp4"), pieces(b"x")),
            storage.delete(StoragePath("old.mp4")),
        ):
            with pytest.raises(PermanentError) as caught:
                await call
            assert caught.value.code == "nfs.read_only"
    assert [place.name for place in shared.folder("fixed").iterdir()] == ["old.mp4"]


async def test_users_are_known_by_number(shared: Ganesha) -> None:
    place = shared.folder() / "mine.mp4"
    place.write_bytes(b"mine")
    os.chown(place, 4321, 4321)
    place.chmod(0o600)
    async with opened(shared.settings(uid=1234, gid=1234)) as storage:
        with pytest.raises(PermanentError) as caught:
            await read(storage, StoragePath("mine.mp4"))
        assert caught.value.code == "nfs.access_denied"
    async with opened(shared.settings(uid=4321, gid=4321)) as storage:
        assert await read(storage, StoragePath("mine.mp4")) == b"mine"


async def test_links_are_told_and_not_followed(shared: Ganesha, tmp_path: Path) -> None:
    """libnfs 4.0 makes garbage of a link's target, and dies of a link to a directory."""
    (tmp_path / "secret").write_text("secret")
    folder = shared.folder() / "links"
    folder.mkdir()
    (folder / "real.mp4").write_bytes(b"real")
    os.symlink("real.mp4", folder / "near.mp4")
    os.symlink(tmp_path / "secret", folder / "out.mp4")
    os.symlink("../../../../etc", folder / "up")
    os.symlink("..", folder / "folder")
    os.symlink("loop", folder / "loop")
    os.mkfifo(folder / "pipe.mp4")
    async with opened(shared.settings()) as storage:
        assert {entry.path async for entry in storage.list_dir(StoragePath("links"))} == {"links/real.mp4"}
        for name in ("near.mp4", "out.mp4", "up", "up/passwd", "folder", "folder/film.mp4", "loop", "loop/x"):
            path = StoragePath(f"links/{name}")
            for call in (storage.stat(path), read(storage, path), storage.write(StoragePath(f"{path}/x"), pieces(b""))):
                with pytest.raises(PermanentError) as caught:
                    await call
                assert caught.value.code == "nfs.link"
        with pytest.raises(PermanentError) as caught:
            await read(storage, StoragePath("links/pipe.mp4"))
        assert caught.value.code == "nfs.not_a_file"
        await storage.delete(StoragePath("links/near.mp4"))
        assert await read(storage, StoragePath("links/real.mp4")) == b"real"


async def test_a_server_that_is_started_again_is_read_on(ganesha: Ganesha) -> None:
    ganesha.folder().joinpath("film.mp4").write_bytes(CONTENT)
    async with opened(ganesha.settings()) as storage, storage.read(FILE) as data:
        got = await anext(data)
        ganesha.stop()
        ganesha.start()
        got += b"".join([piece async for piece in data])
    same_bytes(got, CONTENT, "what was read")


async def test_a_file_that_changed_meanwhile_is_not_mixed_with_the_old_one(ganesha: Ganesha) -> None:
    place = ganesha.folder() / "film.mp4"
    place.write_bytes(CONTENT)
    async with opened(ganesha.settings()) as storage, storage.read(FILE) as data:
        await anext(data)
        ganesha.stop()
        place.write_bytes(CONTENT[::-1])
        ganesha.start()
        with pytest.raises(TemporaryError) as caught:
            [piece async for piece in data]
    assert caught.value.code == "nfs.changed"


async def test_a_server_that_stays_away_is_temporary_until_it_is_back(ganesha: Ganesha) -> None:
    ganesha.folder().joinpath("film.mp4").write_bytes(CONTENT)
    async with opened(ganesha.settings()) as storage:
        async with storage.read(FILE) as data:
            await anext(data)
            ganesha.stop()
            with pytest.raises(TemporaryError) as caught:
                [piece async for piece in data]
            assert caught.value.code == "nfs.unreachable"
        with pytest.raises(TemporaryError):
            await storage.stat(FILE)
        ganesha.start()
        same_bytes(await read(storage), CONTENT, "what was read")


async def test_a_full_disk_keeps_the_old_file_and_leaves_nothing() -> None:
    with Ganesha() as server:
        folder = server.fill()
        async with opened(server.settings("small")) as storage:
            await storage.write(FILE, pieces(b"old"))
            with pytest.raises(TemporaryError) as caught:
                await storage.write(FILE, pieces(*[CONTENT[: 1 << 20]] * 3))
            assert caught.value.code == "nfs.disk_full"
            assert await read(storage) == b"old"
        assert [place.name for place in folder.iterdir()] == ["film.mp4"]


async def test_a_slow_line_is_no_silent_server(shared: Ganesha) -> None:
    """At 1 Mbit/s a request of 1 MiB would take eight seconds; with small ones nobody waits for long."""
    async with (
        SlowLine(shared.port, 125_000) as line,
        opened(shared.settings(port=line.port, timeout=3)) as storage,
    ):
        parts = await asyncio.gather(read(storage, length=200_000), read(storage, offset=1 << 20, length=200_000))
    assert parts == [CONTENT[:200_000], CONTENT[1 << 20 : (1 << 20) + 200_000]]


async def test_many_readers_at_once(shared: Ganesha) -> None:
    async with opened(shared.settings()) as storage:
        got = await asyncio.gather(*(read(storage, offset=number) for number in range(24)))
    assert [len(part) for part in got] == [len(CONTENT) - number for number in range(24)]


async def test_a_big_directory_is_listed_whole(shared: Ganesha) -> None:
    folder = shared.folder() / "many"
    folder.mkdir()
    for number in range(3000):
        (folder / f"{number:05}-{'n' * 60}.mp4").touch()
    async with opened(shared.settings()) as storage:
        began = time.monotonic()
        found = [entry async for entry in storage.list_dir(StoragePath("many"))]
        assert time.monotonic() - began < 3
    assert len({entry.path for entry in found}) == 3000


async def test_names_that_are_no_text_are_left_out(shared: Ganesha) -> None:
    folder = os.fsencode(shared.folder() / "names")
    os.mkdir(folder)
    for name in (b"\xff\xfe.mp4", "ü\n.mp4".encode(), b"back\\slash.mp4"):
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(b"x")
    async with opened(shared.settings()) as storage:
        found = {entry.path async for entry in storage.list_dir(StoragePath("names"))}
        assert found == {"names/ü\n.mp4", "names/back\\slash.mp4"}
        for path in found:
            assert await read(storage, path) == b"x"


async def test_an_export_that_is_gone_after_a_restart_needs_a_person(ganesha: Ganesha) -> None:
    ganesha.folder().joinpath("film.mp4").write_bytes(CONTENT)
    async with opened(ganesha.settings()) as storage, storage.read(FILE) as data:
        await anext(data)
        ganesha.stop()
        ganesha.withdraw("media")
        ganesha.start()
        with pytest.raises(ConfigurationError) as caught:
            [piece async for piece in data]
    assert (caught.value.code, caught.value.field) == ("nfs.export_unknown", "export")
