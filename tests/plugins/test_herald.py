"""Plugins hear what happens: in order, one at a time, and nobody waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from castcore_core.core import Core
from castcore_core.engine.board import STATE
from castcore_core.events.bus import Subscription
from castcore_core.notifications.event import report
from castcore_core.plugins.herald import EMITTED, QUEUED, emit
from castcore_core.plugins.host import PluginHost
from castcore_sdk import ConfigurationError, Event
from plugins.conftest import Site
from servers.castcore import running_core

EAR = """
running = 0

@hookimpl
async def castcore_event(event, context):
    global running
    running += 1
    subject = event.data.get("subject")
    await asyncio.sleep(0)
    if subject == "fails":
        running -= 1
        raise RuntimeError("deaf")
    data = {"name": event.name, "subject": subject, "running": running, "count": event.data.get("count")}
    await context.emit(Event(name="heard", at=event.at, data=data))
    running -= 1
"""
SLOW = """
@hookimpl
async def castcore_event(event, context):
    await asyncio.sleep(3600)
"""


@pytest.fixture(scope="module")
def ears(module_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two plugins that hear, one that never gets done; returns where their trials are remembered."""
    module_site.add("ear", EAR)
    module_site.add("second", EAR)
    module_site.add("slow", SLOW)
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
async def core(ears: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Core]:
    monkeypatch.setenv("CASTCORE_CACHE_DIR", str(ears))
    async with running_core(tmp_path / "data") as core:
        yield core


async def heard(events: Subscription, plugin: str, count: int) -> list[dict[str, Any]]:
    """Return the next things that ``plugin`` says it has heard of the server itself."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            said = await anext(events)
            if said.channel == f"{EMITTED}.{plugin}.heard" and not said.data["data"]["name"].endswith(".heard"):
                found.append(dict(said.data["data"]))
    return found


async def fails(core: Core, subject: str) -> None:
    await report(core.bus, "storage.failing", subject, params={"source": "NAS"})


async def test_events_come_in_order_one_at_a_time_and_failures_are_the_plugins_own(core: Core) -> None:
    async with core.bus.subscribe(f"{EMITTED}.ear.*") as ear, core.bus.subscribe(f"{EMITTED}.second.*") as second:
        for subject in ("1", "2", "fails", "3"):
            await fails(core, subject)
        await core.bus.publish(f"{STATE}.job-1", {"state": "running", "at": 1.0})
        for plugin, events in (("ear", ear), ("second", second)):
            told = await heard(events, plugin, 4)
            assert [(each["name"], each["subject"], each["running"]) for each in told] == [
                ("storage.failing", "1", 1),
                ("storage.failing", "2", 1),
                ("storage.failing", "3", 1),
                ("job.state", None, 1),
            ]


async def test_what_a_plugin_says_others_hear_and_it_does_not(core: Core) -> None:
    async with core.bus.subscribe(f"{EMITTED}.*") as events:
        await emit(core, "ear", Event(name="shouted", at=datetime.now(UTC), data={"subject": "x"}))
        (told,) = await heard(events, "second", 1)
        assert (told["name"], told["subject"]) == ("ear.shouted", "x")
        await fails(core, "later")
        (first,) = await heard(events, "ear", 1)
        assert first["subject"] == "later"


async def test_a_flood_loses_the_oldest_and_is_told(core: Core) -> None:
    async with core.bus.subscribe(f"{EMITTED}.ear.*", limit=5000) as events:
        await fails(core, "first")
        await heard(events, "ear", 1)
        for number in range(QUEUED + 300):
            await fails(core, str(number))
        (lost, oldest) = await heard(events, "ear", 2)
        # What the other plugin says takes some places too.
        assert lost["name"] == "events.lost"
        assert 300 <= lost["count"] <= 310
        assert 290 <= int(oldest["subject"]) <= 310


async def test_a_plugin_that_is_switched_off_hears_nothing(core: Core) -> None:
    host = core.get(PluginHost)
    assert host.listeners() == {"ear", "second", "slow"}
    async with core.bus.subscribe(f"{EMITTED}.*") as events:
        await host.disable("second")
        await core.bus.publish("plugins.changed", {"plugin": "second", "life": core.life})
        await fails(core, "1")
        await heard(events, "ear", 1)
        await host.enable("second")
        await core.bus.publish("plugins.changed", {"plugin": "second", "life": core.life})
        async with asyncio.timeout(20):
            while True:
                await fails(core, "2")
                said = await anext(events)
                if said.channel == f"{EMITTED}.second.heard":
                    break
        assert said.data["data"]["subject"] == "2"


async def test_events_that_cannot_be_passed_on_are_refused(core: Core) -> None:
    wrong: list[tuple[str, dict[str, Any]]] = [
        *((name, {}) for name in ("Über", "", "a..b", "a" * 65)),
        ("a", {"x": object()}),
        ("a", {"x": "y" * 70_000}),
    ]
    for name, data in wrong:
        with pytest.raises(ConfigurationError, match=r"plugins\.event_invalid"):
            await emit(core, "ear", Event(name=name, at=datetime.now(UTC), data=data))
