"""The host in memory."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx2 as httpx
import pytest

from castcore_sdk import AuthenticationError, Event, PluginContext
from castcore_sdk.testing import MemoryContext


async def test_it_is_a_plugin_context() -> None:
    async with MemoryContext(plugin_id="mine", instance_id=None) as context:
        typed: PluginContext = context
        assert (typed.plugin_id, typed.instance_id) == ("mine", None)
        assert typed.data_dir.is_dir()
    assert not typed.data_dir.exists()


async def test_documents_are_copies_and_json() -> None:
    async with MemoryContext() as context:
        store = context.store
        document = {"a": [1]}
        await store.put("c", "k2", document)
        await store.put("c", "k1", {})
        await store.put("d", "k3", {})
        document["a"].append(2)
        assert await store.get("c", "k2") == {"a": [1]}
        assert [key async for key, _ in store.scan("c")] == ["k1", "k2"]
        assert [key async for key, _ in store.scan("c", prefix="k2")] == ["k2"]
        await store.delete("c", "k2")
        await store.delete("c", "k2")
        assert await store.get("c", "k2") is None
        with pytest.raises(TypeError):
            await store.put("c", "k", {"at": datetime.now(UTC)})


async def test_there_is_no_network_but_the_given_one() -> None:
    async with MemoryContext() as context:
        with pytest.raises(httpx.ConnectError):
            await context.http.get("http://platform.example/")
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"path": request.url.path}))
    async with MemoryContext(transport=transport) as context:
        assert (await context.http.get("http://platform.example/x")).json() == {"path": "/x"}


async def test_lines_events_threads_and_the_missing_account() -> None:
    async with MemoryContext() as context:
        context.log.warning("seen %s", 1)
        await context.emit(Event(name="e", at=datetime.now(UTC)))
        assert context.lines == ["seen 1"]
        assert [event.name for event in context.events] == ["e"]
        assert await context.run_blocking(max, 1, 2) == 2
        with pytest.raises(AuthenticationError):
            await context.oauth()
