"""What the host gives to a plugin."""

from __future__ import annotations

import asyncio
import logging
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from castcore_core.plugins.breadcrumb import Trail
from castcore_core.plugins.context import HostContext
from castcore_core.plugins.pool import ThreadPool
from castcore_sdk import AuthenticationError, CastCoreError, Event, PluginContext

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


async def test_events_blocking_code_and_accounts(context: HostContext, events) -> None:
    event = Event(name="p.done", at=datetime.now(UTC))
    await context.emit(event)
    assert events == [("p", event)]
    assert await context.run_blocking(lambda a, b: a + b, 1, b=2) == 3
    with pytest.raises(AuthenticationError) as caught:
        await context.oauth()
    assert caught.value.code == "platforms.not_connected"
