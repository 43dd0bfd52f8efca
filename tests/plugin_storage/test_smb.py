"""castcore-smb against a real smbd that is stopped, frozen, full, and changed under its feet."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from castcore_sdk import (
    AuthenticationError,
    CastCoreError,
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
from castcore_smb import backend as smb
from servers.fault import Gate
from servers.process import free_port
from servers.samba import PASSWORD, Samba, samba
from servers.slow import SlowLine

__all__ = ["samba"]

CONTENT = random.Random(1).randbytes(6 << 20)
FILE = StoragePath("film.mp4")


@pytest.fixture(scope="module")
def shared() -> Iterator[Samba]:
    """One server for all tests that change nothing about it."""
    with Samba() as server:
        server.folder("media").joinpath("film.mp4").write_bytes(CONTENT)
        yield server


@asynccontextmanager
async def opened(settings: dict[str, Any]) -> AsyncIterator[Any]:
    async with MemoryContext(plugin_id="smb") as context:
        storage = smb.SmbStorage(parse_config(smb.SmbConfig, settings), context)
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
    ("share", "other", "codes"),
    [
        ("media", {}, ["smb.connected", "smb.writable"]),
        ("media", {"encryption": True}, ["smb.connected_encrypted", "smb.writable"]),
        ("sealed", {}, ["smb.connected_encrypted", "smb.writable"]),
        ("fixed", {}, ["smb.connected", "smb.readable"]),
        ("guests", {"username": "", "password": None}, ["smb.connected", "smb.writable"]),
        ("media", {"domain": "WORKGROUP"}, ["smb.connected", "smb.writable"]),
    ],
)
async def test_what_works_is_told(shared: Samba, share: str, other: dict[str, Any], codes: list[str]) -> None:
    results = await checked(shared.settings(share, **other))
    assert [(result.code, result.severity) for result in results] == [(code, Severity.OK) for code in codes]


@pytest.mark.parametrize(
    ("share", "other", "code", "field"),
    [
        ("media", {"password": "wrong-canary"}, "smb.password_refused", "password"),
        ("media", {"username": "nobody-knows"}, "smb.user_unknown", "username"),
        ("media", {"username": "", "password": None, "encryption": True}, "smb.guest_cannot_sign", "username"),
        ("media", {"username": "", "password": None}, "smb.share_denied", "share"),
        ("nothing", {}, "smb.share_unknown", "share"),
        ("private", {}, "smb.share_denied", "share"),
        ("media", {"folder": "no/such"}, "smb.folder_missing", "folder"),
        ("media", {"host": "castcore-test.invalid"}, "smb.host_unknown", "host"),
    ],
)
async def test_what_does_not_work_names_the_setting(
    shared: Samba, share: str, other: dict[str, Any], code: str, field: str
) -> None:
    last = (await checked(shared.settings(share, **other)))[-1]
    assert (last.code, last.severity, last.config_field) == (code, Severity.ERROR, field)
    assert "canary" not in repr(last)


async def test_a_server_that_is_down_is_temporary(shared: Samba) -> None:
    settings = shared.settings(port=free_port())
    (result,) = await checked(settings)
    assert (result.code, result.config_field, result.params["reason"]) == (
        "smb.unreachable",
        "host",
        os.strerror(111),
    )
    async with opened(settings) as storage:
        with pytest.raises(TemporaryError) as caught:
            await storage.stat(FILE)
    assert caught.value.code == "smb.unreachable"


async def test_a_port_that_speaks_something_else(shared: Samba) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        (result,) = await checked(shared.settings(port=port, timeout=1))
    assert result.code == "smb.no_smb"


async def test_a_server_that_accepts_and_is_silent(shared: Samba) -> None:
    async with Gate() as gate:
        await gate.lead_nowhere()
        began = time.monotonic()
        (result,) = await checked(shared.settings(port=gate.port, timeout=1))
    assert result.code == "smb.silent"
    assert time.monotonic() - began < 4


async def test_those_who_wait_for_a_silent_server_wait_once(shared: Samba) -> None:
    async with Gate() as gate:
        await gate.lead_nowhere()
        began = time.monotonic()
        async with opened(shared.settings(port=gate.port, timeout=1)) as storage:
            told = await asyncio.gather(*(storage.stat(FILE) for _ in range(6)), return_exceptions=True)
    assert {getattr(error, "code", None) for error in told} == {"smb.silent"}
    assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    ("options", "other", "code"),
    [
        (["server max protocol = NT1", "server min protocol = NT1"], {}, "smb.no_smb"),
        (["server max protocol = SMB2_10"], {"encryption": True}, "smb.encryption_impossible"),
        (["server max protocol = SMB2_10"], {}, "smb.writable"),
        (["server max protocol = SMB3_00"], {"encryption": True}, "smb.writable"),
        (["server smb encrypt = required"], {}, "smb.writable"),
        (["server signing = mandatory"], {}, "smb.writable"),
        (["server signing = mandatory"], {"username": "", "password": None}, "smb.guest_cannot_sign"),
    ],
)
async def test_other_servers(options: list[str], other: dict[str, Any], code: str) -> None:
    with Samba(options) as server:
        assert (await checked(server.settings(**other)))[-1].code == code


async def test_two_users_of_one_server_share_nothing(shared: Samba) -> None:
    async with opened(shared.settings("private", username="other")) as theirs, opened(shared.settings()) as ours:
        assert [entry async for entry in theirs.list_dir(StoragePath(""))] == []
        same_bytes(await read(ours), CONTENT, "what was read")
    async with opened(shared.settings("private")) as storage:
        with pytest.raises(PermanentError) as caught:
            await storage.stat(StoragePath(""))
    assert caught.value.code == "smb.share_denied"


async def test_nothing_can_be_written_where_the_server_forbids_it(shared: Samba) -> None:
    shared.folder("fixed").joinpath("old.mp4").write_bytes(b"old")
    async with opened(shared.settings("fixed")) as storage:
        for call in (
            storage.write(StoragePath("new.mp4"), pieces(b"x")),
            storage.write(StoragePath("folder/new.mp4"), pieces(b"x")),
            storage.delete(StoragePath("old.mp4")),
        ):
            with pytest.raises(PermanentError) as caught:
                await call
            assert caught.value.code == "smb.share_read_only"
    assert [place.name for place in shared.folder("fixed").iterdir()] == ["old.mp4"]


async def test_permissions_of_files_are_told(shared: Samba) -> None:
    folder = shared.folder("owned")
    locked = folder / "locked.mp4"
    locked.write_bytes(b"x")
    locked.chmod(0o600)
    async with opened(shared.settings("owned")) as storage:
        assert (await storage.stat(StoragePath("locked.mp4"))).size == 1
        for call in (read(storage, StoragePath("locked.mp4")), storage.write(StoragePath("new.mp4"), pieces(b"x"))):
            with pytest.raises(PermanentError) as caught:
                await call
            assert caught.value.code == "smb.access_denied"


async def test_links_lead_nowhere(shared: Samba, tmp_path: Path) -> None:
    """Neither those of the server's file system out of the share, nor those to other servers."""
    (tmp_path / "secret").write_text("secret")
    os.symlink(tmp_path, shared.folder("media") / "out")
    os.symlink("msdfs:127.0.0.1\\media", shared.folder("links") / "elsewhere")
    async with opened(shared.settings()) as storage:
        with pytest.raises(CastCoreError) as caught:
            await read(storage, StoragePath("out/secret"))
        assert caught.value.code in ("smb.access_denied", "smb.not_found")
    async with opened(shared.settings("links")) as storage:
        with pytest.raises(ConfigurationError) as linked:
            await read(storage, StoragePath("elsewhere/film.mp4"))
        assert linked.value.code == "smb.dfs_link"


async def test_a_changed_password_stops_new_connections_only(samba: Samba) -> None:
    samba.folder("media").joinpath("film.mp4").write_bytes(CONTENT)
    async with opened(samba.settings()) as storage:
        async with storage.read(FILE) as data:
            got = await anext(data)
            samba.password("studio", "changed")
            got += b"".join([piece async for piece in data])
        same_bytes(got, CONTENT, "what was read")
        async with storage.read(FILE) as data:
            await anext(data)
            samba.stop()
            samba.start()
            with pytest.raises(AuthenticationError) as caught:
                [piece async for piece in data]
        assert caught.value.code == "smb.password_refused"
        samba.password("studio", PASSWORD)
        same_bytes(await read(storage), CONTENT, "what was read")


async def test_a_server_that_is_started_again_is_read_on(samba: Samba) -> None:
    samba.folder("media").joinpath("film.mp4").write_bytes(CONTENT)
    async with opened(samba.settings()) as storage, storage.read(FILE) as data:
        got = await anext(data)
        samba.stop()
        samba.start()
        got += b"".join([piece async for piece in data])
    same_bytes(got, CONTENT, "what was read")


async def test_a_file_that_changed_meanwhile_is_not_mixed_with_the_old_one(samba: Samba) -> None:
    place = samba.folder("media") / "film.mp4"
    place.write_bytes(CONTENT)
    async with opened(samba.settings()) as storage, storage.read(FILE) as data:
        await anext(data)
        samba.stop()
        place.write_bytes(CONTENT[::-1])
        samba.start()
        with pytest.raises(TemporaryError) as caught:
            [piece async for piece in data]
    assert caught.value.code == "smb.changed"


async def test_a_server_that_stays_away_is_temporary_until_it_is_back(samba: Samba) -> None:
    samba.folder("media").joinpath("film.mp4").write_bytes(CONTENT)
    async with opened(samba.settings()) as storage:
        async with storage.read(FILE) as data:
            await anext(data)
            samba.stop()
            with pytest.raises(TemporaryError) as caught:
                [piece async for piece in data]
            assert caught.value.code == "smb.unreachable"
        with pytest.raises(TemporaryError):
            await storage.stat(FILE)
        samba.start()
        same_bytes(await read(storage), CONTENT, "what was read")


async def test_a_server_that_hangs_is_given_up_and_taken_again(samba: Samba) -> None:
    samba.folder("media").joinpath("film.mp4").write_bytes(CONTENT)
    async with opened(samba.settings(timeout=1)) as storage:
        async with storage.read(FILE) as data:
            await anext(data)
            samba.freeze()
            began = time.monotonic()
            with pytest.raises(TemporaryError) as caught:
                [piece async for piece in data]
            assert caught.value.code in ("smb.silent", "smb.connection_lost")
        assert time.monotonic() - began < 6
        samba.thaw()
        same_bytes(await read(storage), CONTENT, "what was read")


async def test_a_share_that_is_taken_away_needs_a_person(samba: Samba) -> None:
    samba.folder("media").joinpath("film.mp4").write_bytes(CONTENT)
    async with opened(samba.settings()) as storage, storage.read(FILE) as data:
        await anext(data)
        samba.remove_share("media")
        with pytest.raises(ConfigurationError) as caught:
            [piece async for piece in data]
    assert (caught.value.code, caught.value.field) == ("smb.share_unknown", "share")


async def test_a_full_disk_keeps_the_old_file_and_leaves_nothing(samba: Samba) -> None:
    folder = samba.fill()
    async with opened(samba.settings("small")) as storage:
        await storage.write(FILE, pieces(b"old"))
        with pytest.raises(TemporaryError) as caught:
            await storage.write(FILE, pieces(CONTENT[: 1 << 20], CONTENT[: 1 << 20], CONTENT[: 1 << 20]))
        assert caught.value.code == "smb.disk_full"
        assert await read(storage) == b"old"
    assert [place.name for place in folder.iterdir()] == ["film.mp4"]


async def test_a_file_that_is_read_is_not_replaced_under_its_reader(samba: Samba) -> None:
    async with opened(samba.settings()) as storage:
        await storage.write(FILE, pieces(CONTENT))
        async with storage.read(FILE) as data:
            await anext(data)
            with pytest.raises(TemporaryError) as caught:
                await storage.write(FILE, pieces(b"new"))
        assert caught.value.code == "smb.in_use"
        same_bytes(await read(storage), CONTENT, "what was read")
        await storage.write(FILE, pieces(b"new"))
        assert await read(storage) == b"new"


async def test_a_writer_that_is_killed_leaves_nothing(samba: Samba) -> None:
    script = (
        "import asyncio, json, sys\n"
        "from castcore_sdk import StoragePath, parse_config\n"
        "from castcore_sdk.testing import MemoryContext\n"
        "from castcore_smb.backend import SmbConfig, SmbStorage\n"
        "async def data():\n"
        "    yield bytes(1 << 20)\n"
        "    print('half', flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "async def main():\n"
        "    storage = SmbStorage(parse_config(SmbConfig, json.loads(sys.stdin.readline())), MemoryContext())\n"
        "    await storage.write(StoragePath('film.mp4'), data())\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(samba.settings()).encode() + b"\n")
    assert await process.stdout.readline() == b"half\n"
    folder = samba.folder("media")
    assert len(list(folder.iterdir())) == 1
    process.send_signal(signal.SIGKILL)
    await process.wait()
    async with asyncio.timeout(10):
        while list(folder.iterdir()):
            await asyncio.sleep(0.02)


async def test_a_slow_line_is_no_silent_server(shared: Samba) -> None:
    """At 1 Mbit/s a request of 1 MiB would take eight seconds; with small ones nobody waits for long."""
    async with (
        SlowLine(shared.port, 125_000) as line,
        opened(shared.settings(port=line.port, timeout=3)) as storage,
    ):
        parts = await asyncio.gather(read(storage, length=200_000), read(storage, offset=1 << 20, length=200_000))
    assert parts == [CONTENT[:200_000], CONTENT[1 << 20 : (1 << 20) + 200_000]]


async def test_many_readers_at_once(shared: Samba) -> None:
    async with opened(shared.settings()) as storage:
        got = await asyncio.gather(*(read(storage, offset=number) for number in range(24)))
    assert [len(part) for part in got] == [len(CONTENT) - number for number in range(24)]


async def test_a_big_folder_is_listed_whole(shared: Samba) -> None:
    folder = shared.folder("media") / "many"
    folder.mkdir()
    for number in range(3000):
        (folder / f"{number:05}-{'n' * 60}.mp4").touch()
    async with opened(shared.settings()) as storage:
        began = time.monotonic()
        found = [entry async for entry in storage.list_dir(StoragePath("many"))]
        assert time.monotonic() - began < 3
    assert len({entry.path for entry in found}) == 3000


async def test_a_name_that_another_system_made_is_shown_and_readable(shared: Samba) -> None:
    """Samba shows a short name for what Windows could not hold."""
    (shared.folder("media") / "odd").mkdir()
    (shared.folder("media") / "odd" / 'a:b?"*.mp4').write_bytes(b"odd")
    async with opened(shared.settings()) as storage:
        (entry,) = [entry async for entry in storage.list_dir(StoragePath("odd"))]
        assert await read(storage, entry.path) == b"odd"
        with pytest.raises(NotFoundError) as caught:
            await storage.stat(StoragePath("odd/a:b?.mp4"))
    assert caught.value.code == "smb.name_impossible"


async def test_who_leaves_a_slow_file_waits_for_nothing_and_leaves_nothing(shared: Samba) -> None:
    """What is under way arrives later and is dropped; the connection keeps none of it."""
    async with (
        SlowLine(shared.port, 500_000) as line,
        opened(shared.settings(port=line.port, timeout=3)) as storage,
    ):
        await storage.stat(FILE)
        for _ in range(5):
            async with storage.read(FILE) as data:
                await anext(data)
                began = time.monotonic()
            assert time.monotonic() - began < 0.3
        same_bytes(await read(storage, length=1000), CONTENT[:1000], "what was read")
        link = storage._share.link()
        async with asyncio.timeout(10):
            while len(link.connection.outstanding_requests) > 1:  # the closing of the last reader
                async with storage.read(FILE, length=0):
                    pass
