"""Fixtures: a server with its staff, a watch whose pace tests set, and somebody who takes messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from castcore_core.notifications import lane
from castcore_core.notifications.incident import Pace
from castcore_core.notifications.service import Notifications
from castcore_core.notifications.watch import Watch
from servers.chat import ChatServer, chat_server
from servers.house import admin, house, operator, viewer
from servers.staff import Staff, Visitor

__all__ = ["admin", "house", "operator", "viewer"]

Keep = Callable[..., Any]
Watching = Callable[..., AbstractAsyncContextManager[Watch]]


@pytest.fixture
async def chat() -> AsyncIterator[ChatServer]:
    async with chat_server() as server:
        yield server


@pytest.fixture
async def other() -> AsyncIterator[ChatServer]:
    async with chat_server() as server:
        yield server


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr(lane, "FIRST_S", 0.02)


@pytest.fixture
def watching(house: Staff) -> Watching:
    """Watch as the engine's process does, with a pace for tests."""

    @asynccontextmanager
    async def watch(settle: float = 0.02, window: float = 60.0) -> AsyncIterator[Watch]:
        service = house.core.get(Notifications)
        watcher = Watch(house.core, service.configurations, Pace(settle=settle, window=window))
        task = asyncio.create_task(watcher.run())
        await watcher.listening.wait()
        try:
            yield watcher
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return watch


@pytest.fixture
def keep(admin: Visitor) -> Keep:
    """Keep a target and return it."""

    async def make(chat: ChatServer, name: str = "Night shift", **values: Any) -> dict[str, Any]:
        reply = await admin("POST", "/notifications", chat.target(name, **values))
        assert reply.status == 201, reply.body
        return dict(reply.body)

    return make
