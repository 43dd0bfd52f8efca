"""castcore-s3 against a real S3 server that is stopped, slow, behind TLS, and changed under its feet."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from castcore_s3 import client, config, failure
from castcore_s3 import storage as s3
from castcore_sdk import (
    AuthenticationError,
    CastCoreError,
    ConfigurationError,
    PermanentError,
    Severity,
    StoragePath,
    TemporaryError,
    parse_config,
)
from castcore_sdk.testing import MemoryContext
from castcore_sdk.testing.comparison import same_bytes
from servers.s3 import BUCKET, KEY_ID, OTHER_KEY_ID, OTHER_SECRET, SECRET, MotoServer, S3Server, moto_server
from servers.slow import SlowLine
from servers.tls import TestAuthority

CONTENT = random.Random(4).randbytes(20_000_003)
FILE = StoragePath("shows/Übertragung 1+2 %.mp4")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """One server for all tests that change nothing about it."""
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        server.client().put_object(Bucket=BUCKET, Key=FILE, Body=CONTENT)
        yield server


@pytest.fixture(scope="module")
def spare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("spare")) as server:
        yield server


@pytest.fixture
def own(spare: S3Server) -> S3Server:
    """A server that a test may do anything with: it runs, and has all keys, the bucket and the file."""
    spare.restore()
    spare.client().put_object(Bucket=BUCKET, Key=FILE, Body=CONTENT)
    return spare


@asynccontextmanager
async def opened(settings: dict[str, Any]) -> AsyncIterator[Any]:
    async with MemoryContext(plugin_id="s3") as context:
        storage = s3.S3Storage(parse_config(config.S3Config, settings), context)
        await storage.start()
        try:
            yield storage
        finally:
            await storage.close()
            assert SECRET not in "".join(context.lines)


async def read(storage: Any, path: StoragePath = FILE, **part: int) -> bytes:
    async with storage.read(path, **part) as data:
        return b"".join([piece async for piece in data])


async def names(storage: Any) -> list[str]:
    return [entry.path async for entry in storage.list_dir(StoragePath(""))]


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_bucket_that_works(shared: S3Server) -> None:
    async with opened(shared.config()) as storage:
        results = await storage.check()
        assert [(one.code, one.severity) for one in results] == [
            ("s3.bucket_readable", Severity.OK),
            ("s3.plain_http", Severity.WARNING),
        ]
        assert await names(storage) == ["shows"]
        same_bytes(await read(storage), CONTENT, "what was read")
        same_bytes(await read(storage, offset=19_999_990, length=100), CONTENT[19_999_990:], "what was read")


@pytest.mark.parametrize(
    ("changes", "kind", "code", "field"),
    [
        # Swift does not tell an unknown key from a wrong secret.
        ({"access_key_id": "studio:nobody"}, AuthenticationError, "s3.secret_wrong", "secret_access_key"),
        ({"secret_access_key": "wrong"}, AuthenticationError, "s3.secret_wrong", "secret_access_key"),
        (
            {"access_key_id": OTHER_KEY_ID, "secret_access_key": OTHER_SECRET},
            PermanentError,
            "s3.denied",
            None,
        ),
        ({"bucket": "nobody-has-it"}, ConfigurationError, "s3.no_such_bucket", "bucket"),
        ({"region": "eu-central-1"}, ConfigurationError, "s3.wrong_region", "region"),
        ({"endpoint": "http://127.0.0.1:1"}, TemporaryError, "s3.unreachable", "endpoint"),
    ],
)
async def test_what_is_wrong_is_told(
    shared: S3Server, changes: dict[str, str], kind: type[CastCoreError], code: str, field: str | None
) -> None:
    async with opened(shared.config(**changes)) as storage:
        (result, *_) = await storage.check()
        assert (result.code, result.severity, result.config_field) == (code, Severity.ERROR, field)
        for call in (lambda: names(storage), lambda: read(storage), lambda: storage.write(FILE, pieces(b"x"))):
            with pytest.raises(CastCoreError) as caught:
                await call()
            assert (type(caught.value), caught.value.code) == (kind, code)


async def test_clocks_that_differ_are_told_with_the_difference(
    shared: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fast(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(UTC) + timedelta(minutes=20)

    for module in (client, failure):
        monkeypatch.setattr(module, "datetime", Fast)
    async with opened(shared.config()) as storage:
        with pytest.raises(TemporaryError) as caught:
            await names(storage)
        assert caught.value.code == "s3.clock_ahead"
        assert 1195 <= int(caught.value.params["seconds"]) <= 1205


async def test_tls(tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    with S3Server(tmp_path, authority.issue("127.0.0.1")) as server:
        async with opened(server.config(ca_file=str(authority.ca_file))) as storage:
            (result, *_) = await storage.check()
            assert result.code == "s3.no_such_bucket"
        async with opened(server.config(verify=False)) as storage:
            assert [one.code for one in await storage.check()] == ["s3.no_such_bucket", "s3.not_verified"]
        for settings in ({}, {"ca_file": str(TestAuthority(other).ca_file)}):
            async with opened(server.config(**settings)) as storage:
                for call in (lambda: names(storage), lambda: read(storage), lambda: storage.write(FILE, pieces(b""))):
                    with pytest.raises(ConfigurationError) as caught:
                        await call()
                    assert (caught.value.code, caught.value.field) == ("s3.tls_unknown", "ca_file")
        by_name = server.url.replace("127.0.0.1", "localhost")
        async with opened(server.config(endpoint=by_name, ca_file=str(authority.ca_file))) as storage:
            with pytest.raises(ConfigurationError) as caught:
                await read(storage)
            assert (caught.value.code, caught.value.field) == ("s3.tls_name", "endpoint")
        async with opened(server.config(endpoint=server.url.replace("https", "http"), allow_http=True)) as storage:
            with pytest.raises(TemporaryError):
                await names(storage)


async def test_a_certificate_that_has_expired(tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path)
    with S3Server(tmp_path, authority.issue("127.0.0.1", days=-2)) as server:
        async with opened(server.config(ca_file=str(authority.ca_file))) as storage:
            with pytest.raises(ConfigurationError) as caught:
                await read(storage)
            assert caught.value.code == "s3.tls_date"


async def test_tls_against_a_port_without(shared: S3Server) -> None:
    async with opened(shared.config(endpoint=shared.url.replace("http", "https"))) as storage:
        with pytest.raises(ConfigurationError) as caught:
            await read(storage)
        assert caught.value.code == "s3.tls_failed"


async def test_a_file_of_authorities_that_is_none(shared: S3Server, tmp_path: Path) -> None:
    for text in (None, "nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        file = tmp_path / "ca.pem"
        if text is not None:
            file.write_text(text)
        with pytest.raises(ConfigurationError) as caught:
            async with opened(shared.config(endpoint="https://127.0.0.1:1", ca_file=str(file))):
                pass
        assert (caught.value.code, caught.value.field) == ("s3.authority_unreadable", "ca_file")


async def test_a_server_that_is_killed_amid_a_read_and_comes_back(own: S3Server) -> None:
    async with opened(own.config()) as storage, storage.read(FILE) as chunks:
        got = bytearray(await anext(chunks))
        own.kill()
        back = asyncio.create_task(asyncio.to_thread(own.start))
        async for chunk in chunks:
            got += chunk
        await back
    same_bytes(got, CONTENT, "what was read")


async def test_a_key_that_is_taken_away_amid_a_read(own: S3Server) -> None:
    async with opened(own.config()) as storage, storage.read(FILE) as chunks:
        await anext(chunks)
        own.kill()
        del own.users[KEY_ID]
        await asyncio.to_thread(own.start)
        with pytest.raises(AuthenticationError) as caught:
            async for _ in chunks:
                pass
        assert caught.value.code == "s3.secret_wrong"


@pytest.mark.parametrize(
    ("change", "kind"),
    [("delete_object", CastCoreError), ("put_object", PermanentError), ("delete_bucket", CastCoreError)],
)
async def test_an_object_that_changes_amid_a_read(own: S3Server, change: str, kind: type[CastCoreError]) -> None:
    async with opened(own.config()) as storage, SlowLine(own.port, 4_000_000) as line:
        async with opened(own.config(endpoint=f"http://127.0.0.1:{line.port}")) as slow, slow.read(FILE) as chunks:
            await anext(chunks)
            admin = own.client()
            if change == "put_object":
                admin.put_object(Bucket=BUCKET, Key=FILE, Body=b"other" * 5_000_000)
            else:
                admin.delete_object(Bucket=BUCKET, Key=FILE)
            if change == "delete_bucket":
                admin.delete_bucket(Bucket=BUCKET)
            with pytest.raises(kind) as caught:
                async for _ in chunks:
                    pass
        codes = {"put_object": "s3.changed", "delete_object": "storage.not_found", "delete_bucket": "s3.no_such_bucket"}
        assert caught.value.code == codes[change]
        if change == "delete_bucket":
            assert (await storage.check())[0].code == "s3.no_such_bucket"


async def test_a_line_of_one_megabit(shared: S3Server) -> None:
    async with SlowLine(shared.port, 125_000) as line:
        settings = shared.config(endpoint=f"http://127.0.0.1:{line.port}")
        loop = asyncio.get_running_loop()
        async with opened(settings) as storage, storage.read(FILE) as chunks:
            begun, got = loop.time(), b""
            while len(got) < 250_000:
                got += await anext(chunks)
                if len(got) < 20_000:
                    assert loop.time() - begun < 2, "the first bytes wait for many others"
        assert CONTENT.startswith(got)


async def test_a_write_to_a_server_that_dies_is_told(own: S3Server) -> None:
    async def source() -> AsyncIterator[bytes]:
        yield CONTENT
        own.kill()
        yield CONTENT

    async with opened(own.config()) as storage:
        with pytest.raises(TemporaryError) as caught:
            await storage.write(StoragePath("rec.ts"), source())
        assert caught.value.code == "s3.unreachable"
        await asyncio.to_thread(own.start)
        assert await names(storage) == ["shows"]


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoServer]:
    with moto_server(tmp_path_factory.mktemp("moto")) as server:
        yield server


async def test_odd_keys_of_others(moto: MotoServer) -> None:
    admin = moto.client()
    good = ["o/sp ace b", "o/plus+", "o/pct%2Fg", "o/ünï😀", "o/trail ", "o/?#&=*", "o/back\\slash", "o/<'\">"]
    for key in [*good, "o//x", "o/../up", "o/./dot", "/lead", "o/"]:
        admin.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
    async with opened(moto.config()) as storage:
        found = [entry.path async for entry in storage.list_dir(StoragePath("o"))]
        assert sorted(found) == sorted(good)
        for key in good:
            assert await read(storage, StoragePath(key)) == key.encode()


async def test_an_archived_object(moto: MotoServer) -> None:
    moto.client().put_object(Bucket=BUCKET, Key="old.mp4", Body=b"x", StorageClass="GLACIER")
    async with opened(moto.config()) as storage:
        assert (await storage.stat(StoragePath("old.mp4"))).size == 1
        with pytest.raises(PermanentError) as caught:
            await read(storage, StoragePath("old.mp4"))
        assert caught.value.code == "s3.archived"
