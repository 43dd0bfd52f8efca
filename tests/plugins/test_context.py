"""What the host gives to a plugin."""

from __future__ import annotations

import asyncio
import gzip
import logging
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from castcore_core.plugins.answer import LONGEST
from castcore_core.plugins.breadcrumb import Trail
from castcore_core.plugins.context import HostContext
from castcore_core.plugins.pool import ThreadPool
from castcore_sdk import AuthenticationError, CastCoreError, Event, PluginContext, TemporaryError

SECRET = "live_key/1234"


@pytest.fixture
def events() -> list[tuple[str, Event]]:
    return []


@pytest.fixture
def context(tmp_path: Path, events) -> HostContext:
    async def emit(plugin: str, event: Event) -> None:
        events.append((plugin, event))

    pool = ThreadPool("p", Trail())
    return HostContext("p", "i1", folder=tmp_path / "data" / "p", pool=pool, emit=emit, secrets=[SECRET])


def accepts(context: PluginContext) -> str:
    """Let the type checker see that the host's context fulfils the contract."""
    return context.plugin_id


async def test_it_knows_its_plugin_and_instance(context: HostContext) -> None:
    assert (accepts(context), context.instance_id) == ("p", "i1")


async def test_log_lines_hold_no_secret(context: HostContext, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    context.log.info("opening rtmp://host/app/%s", SECRET)
    context.log.warning("100% of {SECRET} " + SECRET)
    context.log.info("wrong %d", SECRET)
    try:
        raise RuntimeError(f"refused {SECRET}")
    except RuntimeError:
        context.log.exception("failed")
    assert "live_key" not in caplog.text
    assert "1234" not in caplog.text
    assert "opening rtmp://host/app/••••" in caplog.text
    assert "RuntimeError: refused ••••" in caplog.text
    assert {record.name for record in caplog.records} == {"castcore.plugin.p"}
    assert {record.plugin for record in caplog.records} == {"p"}
    assert {record.filename for record in caplog.records} == {"test_context.py"}


async def test_its_folder_is_closed_to_others(context: HostContext) -> None:
    assert stat.S_IMODE(context.data_dir.stat().st_mode) == 0o700


async def test_documents_are_kept_apart_and_whole(context: HostContext, tmp_path: Path) -> None:
    store = context.store
    assert await store.get("c", "k") is None
    for key in ("k", "../../etc/passwd", ".", "..", "a/b", "Ü\n\0x", "k.json"):
        await store.put("../c", key, {"key": key})
    assert {key: value["key"] async for key, value in store.scan("../c")} == {
        key: key for key in ("k", "../../etc/passwd", ".", "..", "a/b", "Ü\n\0x", "k.json")
    }
    assert [key async for key, _ in store.scan("../c", prefix="k")] == ["k", "k.json"]
    assert [key async for key, _ in store.scan("empty")] == []
    inside = tmp_path / "data" / "p" / "documents"
    assert all(inside in file.parents for file in tmp_path.rglob("*.json"))
    await store.delete("../c", "k")
    await store.delete("../c", "k")
    assert await store.get("../c", "k") is None


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("", {}, "plugins.document_name"),
        ("x" * 201, {}, "plugins.document_name"),
        ("k", {"f": object()}, "plugins.document_invalid"),
        ("k", {"f": float("nan")}, "plugins.document_invalid"),
        ("k", {"f": "x" * (1 << 20)}, "plugins.document_invalid"),
    ],
)
async def test_what_cannot_be_stored_is_refused(context: HostContext, key, value, code) -> None:
    with pytest.raises(CastCoreError) as caught:
        await context.store.put("c", key, value)
    assert caught.value.code == code


async def test_a_damaged_document_is_an_error_and_not_an_empty_one(context: HostContext, tmp_path: Path) -> None:
    await context.store.put("c", "k", {"a": 1})
    next(tmp_path.rglob("k.json")).write_text("{")
    with pytest.raises(CastCoreError) as caught:
        await context.store.get("c", "k")
    assert caught.value.code == "plugins.document_unreadable"


async def test_the_http_client_works_and_is_closed_with_the_context(context: HostContext) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = context.http
        assert client is context.http
        assert (await client.get(f"http://127.0.0.1:{port}/")).text == "ok"
        await context.aclose()
        await context.aclose()
        assert client.is_closed


@asynccontextmanager
async def answering(head: bytes, body: bytes) -> AsyncIterator[str]:
    """Give the address of a server that says this to everybody, and closes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + head + b"\r\n" + body)
        with suppress(ConnectionError):  # whoever has heard enough is gone
            await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def whole(client: httpx2.AsyncClient, url: str) -> int:
    return len((await client.get(url)).content)


async def pieces(client: httpx2.AsyncClient, url: str) -> int:
    async with client.stream("GET", url) as response:
        return sum([len(piece) async for piece in response.aiter_bytes()])


async def raw(client: httpx2.AsyncClient, url: str) -> int:
    async with client.stream("GET", url) as response:
        return sum([len(piece) async for piece in response.aiter_raw()])


@pytest.mark.parametrize("read", [whole, pieces, raw])
async def test_an_answer_has_a_limit(context: HostContext, read: Callable[..., Awaitable[int]]) -> None:
    async with answering(b"", bytes(LONGEST)) as url:
        assert await read(context.http, url) == LONGEST
    async with answering(b"", bytes(LONGEST + 1)) as url:
        with pytest.raises(TemporaryError) as caught:
            await read(context.http, url)
    assert (caught.value.code, caught.value.params["limit"]) == ("plugins.answer_too_large", 16)
    await context.aclose()


@pytest.mark.parametrize("read", [whole, pieces])
async def test_a_little_that_is_much_uncompressed_is_too_large(
    context: HostContext, read: Callable[..., Awaitable[int]]
) -> None:
    for size in (LONGEST, LONGEST + 1):
        async with answering(b"Content-Encoding: gzip\r\n", gzip.compress(bytes(size))) as url:
            if size == LONGEST:
                assert await read(context.http, url) == size
                continue
            with pytest.raises(TemporaryError) as caught:
                await read(context.http, url)
            assert caught.value.code == "plugins.answer_too_large"
    await context.aclose()


async def test_a_film_may_be_longer(tmp_path: Path) -> None:
    async def emit(plugin: str, event: Event) -> None:
        raise AssertionError(event)

    context = HostContext("p", "i1", folder=tmp_path, pool=ThreadPool("p", Trail()), emit=emit, films=True)
    async with answering(b"", bytes(LONGEST + 1)) as url:
        assert await pieces(context.http, url) == LONGEST + 1
    await context.aclose()


async def test_events_blocking_code_and_accounts(context: HostContext, events) -> None:
    event = Event(name="p.done", at=datetime.now(UTC))
    await context.emit(event)
    assert events == [("p", event)]
    assert await context.run_blocking(lambda a, b: a + b, 1, b=2) == 3
    with pytest.raises(AuthenticationError) as caught:
        await context.oauth()
    assert caught.value.code == "platforms.not_connected"
