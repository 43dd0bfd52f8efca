"""A running server follows what is installed, removed and switched elsewhere."""

from __future__ import annotations

import asyncio
import os
import shutil

import pytest

from castcore_core.plugins.follower import CHANNEL, Follower
from castcore_core.plugins.footprint import footprint
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.standing import StandingFile, change_standing
from castcore_core.plugins.state import PluginState
from plugins.conftest import Site
from servers.house import admin, house, viewer
from servers.staff import Staff, Visitor

__all__ = ["admin", "house", "viewer"]


@pytest.fixture
def host(house: Staff) -> PluginHost:
    """The host of a server that runs without third-party plugins of ours."""
    return house.core.get(PluginHost)


async def follow(house: Staff) -> tuple[str, ...]:
    return await house.core.get(Follower).follow()


def uninstall(site: Site, plugin: str) -> None:
    for path in site.folder.glob(f"castcore_{plugin}*"):
        shutil.rmtree(path)


async def test_a_new_plugin_is_loaded_without_a_restart(house: Staff, host: PluginHost, site: Site) -> None:
    site.good("late")
    assert await follow(house) == ("late",)
    assert host.record("late").state is PluginState.LOADED
    assert host.registry.destinations["late"].plugin == "late"
    assert await follow(house) == ()


async def test_a_broken_one_says_why(house: Staff, host: PluginHost, site: Site) -> None:
    site.add("broken", "raise RuntimeError")
    await follow(house)
    reason = host.record("broken").reason
    assert reason is not None
    assert reason.code == "plugins.import_failed"


async def test_a_removed_plugin_is_forgotten(house: Staff, host: PluginHost, site: Site, viewer: Visitor) -> None:
    site.good("late")
    await follow(house)
    uninstall(site, "late")
    assert await follow(house) == ("late",)
    assert "late" not in host.registry.destinations
    assert (await viewer("GET", "/plugins/late")).status == 404


async def test_an_upgrade_waits_for_a_restart(house: Staff, host: PluginHost, site: Site, viewer: Visitor) -> None:
    site.good("late")
    await follow(house)
    uninstall(site, "late")
    site.add("late", "raise RuntimeError", version="2.0")
    assert await follow(house) == ("late",)
    answer = (await viewer("GET", "/plugins/late")).body
    assert (answer["state"], answer["version"]) == ("loaded", "1.0")
    assert answer["restart"] == {
        "code": "plugins.restart_required",
        "params": {"running": "1.0", "installed": "2.0"},
    }
    assert await follow(house) == ()


async def test_another_version_after_a_removal_waits_too(house: Staff, host: PluginHost, site: Site) -> None:
    site.good("late")
    await follow(house)
    uninstall(site, "late")
    await follow(house)
    site.add("late", "raise RuntimeError", version="2.0")
    await follow(house)
    record = host.record("late")
    assert record.state is PluginState.LEFT_OUT
    assert record.reason is not None
    assert record.reason.code == "plugins.restart_required"


async def test_what_a_command_has_done_reaches_the_server(house: Staff, host: PluginHost, site: Site) -> None:
    site.good("late")
    memory = StandingFile(house.core.folder.root / "plugins")
    async with house.core.bus.subscribe(CHANNEL) as events, asyncio.timeout(15):
        memory.change(lambda standing: None)  # as `castcore plugin install` ends
        async for event in events:
            if event.data["plugin"] == "late":
                break
        assert host.record("late").state is PluginState.LOADED
        change_standing(memory, "late", enabled=False)
        async for event in events:
            if event.data["plugin"] == "late":
                break
        assert host.record("late").state is PluginState.DISABLED


async def test_a_plain_pip_is_noticed_once_it_is_done(house: Staff, host: PluginHost, site: Site) -> None:
    busy, looks = True, 0

    def changing() -> bool:
        nonlocal looks
        looks += 1
        return busy

    follower = Follower(house.core, host, changing=changing, interval=0.02)
    watching = asyncio.create_task(follower.run())
    try:
        async with house.core.bus.subscribe(CHANNEL) as events, asyncio.timeout(15):
            site.good("late")
            while looks < 10:
                await asyncio.sleep(0.02)
            assert "late" not in {record.id for record in host.records}, "an installer of ours may yet take it back"
            busy = False
            assert (await anext(events)).data["plugin"] == "late"
            assert host.record("late").state is PluginState.LOADED
            uninstall(site, "late")
            assert (await anext(events)).data["plugin"] == "late"
            assert "late" not in {record.id for record in host.records}
    finally:
        watching.cancel()
        await asyncio.wait([watching])


def test_an_installation_that_goes_on_looks_different_from_one_that_is_done(site: Site) -> None:
    before = footprint(site.path)
    site.add("late", "", record=False)
    begun = footprint(site.path)
    (info,) = site.folder.glob("*.dist-info")
    assert begun - before == {(str(info), info.stat().st_mtime_ns)}
    os.utime(info, ns=(0, 0))
    (info / "RECORD").write_text("")
    assert footprint([*site.path, "/nowhere"]) not in (before, begun)
    assert footprint(site.path) == footprint(site.path)


async def test_what_another_process_switches_is_switched_here(house: Staff, host: PluginHost, site: Site) -> None:
    site.good("late")
    await follow(house)
    for enabled, state in ((False, PluginState.DISABLED), (True, PluginState.LOADED)):
        await house.core.bus.publish(CHANNEL, {"plugin": "late", "life": "another", "enabled": enabled})
        async with asyncio.timeout(15):
            while host.record("late").state is not state:
                await asyncio.sleep(0.02)


async def test_switching_here_tells_the_others(house: Staff, admin: Visitor, site: Site) -> None:
    site.good("late")
    await follow(house)
    async with house.core.bus.subscribe(CHANNEL) as events, asyncio.timeout(15):
        await admin("POST", "/plugins/late/disable")
        event = await anext(events)
        assert event.data == {"plugin": "late", "life": house.core.life, "enabled": False}
