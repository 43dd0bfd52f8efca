"""What a storage can do to its worker, and what the server makes of it: an answer in time, a state, a new worker."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from contextlib import aclosing
from typing import Any

import pytest

from castcore_core.accounts.role import Role
from castcore_core.db.revision import Expectation
from castcore_core.storage.client import Worker, worker_name
from castcore_core.storage.models import StorageSource
from castcore_core.storage.source import StorageSources
from castcore_sdk import CastCoreError, StoragePath
from engine.scene import House
from servers.awkward import CANARY, Awkward
from storage.scene import Place, opened_desk, order_of


async def failure(place: Place, path: str = "a") -> str:
    """Return the code that a call ends with."""
    with pytest.raises(CastCoreError) as caught:
        await place.storage.stat(place.id, path)
    return caught.value.code


async def test_a_worker_that_hangs_or_dies_is_replaced_alone(place: Place) -> None:
    (place.faults.root / "a").write_bytes(b"x")
    url = await place.url("a")
    for fault, code, kept in (
        ("hang", "storage.timeout", "storage.timeout"),
        ("stubborn", "storage.timeout", "storage.timeout"),
        ("crash", "storage.interrupted", "storage.worker_died"),
        ("exit", "storage.interrupted", "storage.worker_died"),
    ):
        await place.storage.stat(place.id, "a")
        first = (await place.until(lambda mount: mount.state == "mounted")).pid
        place.faults.fault(fault)
        begun = time.monotonic()
        assert await failure(place) == code
        found = await place.until(lambda mount: mount.state == "failing")
        assert found.error is not None
        assert found.error.code == kept
        assert await failure(place) == kept
        assert time.monotonic() - begun < 10
        place.faults.mend(fault)
        await place.until(lambda mount, first=first: mount.state == "mounted" and mount.pid not in (first, None), 20)
        assert (await place.storage.stat(place.id, "a")).size == 1
        assert await place.url("a") == url


async def test_a_worker_that_is_killed_is_there_again_within_a_second(place: Place) -> None:
    (place.faults.root / "a").write_bytes(b"x")
    await place.storage.stat(place.id, "a")
    worker = await place.process()
    url = await place.url("a")
    begun = time.monotonic()
    worker.kill()
    assert (await place.until(lambda mount: mount.pid not in (worker.pid, None))).restarts == 1
    assert (await place.storage.stat(place.id, "a")).size == 1
    assert time.monotonic() - begun < 2.5
    assert await place.url("a") == url


async def test_whatever_breaks_in_the_server_itself_the_source_comes_back(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (place.faults.root / "a").write_bytes(b"x")
    find, broken = Worker.find, [RuntimeError("the database is away"), OSError(28, "no space")]

    async def breaking(*arguments: Any) -> Worker | None:
        if broken:
            raise broken.pop()
        return await find(*arguments)

    monkeypatch.setattr(Worker, "find", breaking)
    with contextlib.suppress(CastCoreError):
        await place.storage.stat(place.id, "a")
    found = await place.until(lambda mount: mount.state == "mounted")
    assert found.error is not None
    assert (found.error.code, broken) == ("storage.worker_failed", [])
    assert (await place.storage.stat(place.id, "a")).size == 1
    assert "the database is away" in caplog.text


async def test_a_frozen_worker_is_noticed_and_replaced(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("castcore_core.storage.client.SILENCE_SECONDS", 3.0)
    await place.storage.entries(place.id)
    worker = await place.process()
    worker.send_signal(signal.SIGSTOP)
    found = await place.until(lambda mount: mount.pid not in (worker.pid, None))
    assert found.error is not None
    assert found.error.code == "storage.worker_frozen"
    await place.until(lambda mount: mount.state == "mounted")


async def test_a_host_that_is_down_is_told_and_found_again(
    place: Place, home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("castcore_core.storage.keeper._LOOK_AGAIN", 0.2)
    told: list[tuple[str, str, Any]] = []
    async with home.core.bus.subscribe("storage.state.*") as events:
        await place.storage.entries(place.id)
        place.faults.fault("down")
        assert await failure(place) == "awkward.down"
        pid = (await place.until(lambda mount: mount.state == "failing")).pid
        place.faults.mend("down")
        found = await place.until(lambda mount: mount.state == "mounted")
        assert found.pid == pid
        assert found.error is not None
        async with asyncio.timeout(5):
            async for event in events:
                told.append((event.data["state"], event.data["code"], event.data["params"]))
                if len(told) == 3:
                    break
    assert told == [("mounted", "", {}), ("failing", "awkward.down", {"host": "nas"}), ("mounted", "", {})]


async def test_a_missing_file_says_nothing_about_the_storage(place: Place) -> None:
    await place.storage.entries(place.id)
    assert await failure(place, "nothing") == "storage.not_found"
    assert (await place.mount()).state == "mounted"


async def test_the_secret_is_nowhere(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.faults.fault("leak")
    with pytest.raises(CastCoreError) as caught:
        await place.storage.stat(place.id, "a")
    error = caught.value
    assert error.code == "awkward.password"
    assert CANARY not in f"{error} {error.detail} {error.params} {error.__cause__} {error.__context__}"
    worker = await place.process()
    assert CANARY not in " ".join(worker.cmdline()) + " ".join(worker.environ().values())
    checks = await place.storage.check(place.id)
    assert CANARY not in repr(checks)
    await asyncio.sleep(0.1)
    assert "no entry with" in caplog.text
    assert CANARY not in caplog.text
    for file in place.core.folder.run.rglob("*"):
        if file.is_file():
            assert CANARY.encode() not in file.read_bytes()


async def test_a_new_configuration_is_taken_over_at_the_same_address(place: Place) -> None:
    (place.faults.root / "a").write_bytes(b"x")
    url, first = await place.url("a"), await place.process()
    other = place.faults.folder / "other"
    other.mkdir()
    (other / "a").write_bytes(b"other")
    row = await StorageSource.get(id=place.id)
    sources = place.core.get(StorageSources)
    row = await sources.change(row.id, {"config": {"root": str(other)}}, Expectation(), Role.ADMIN)
    await place.storage.changed(row)
    assert (await place.storage.stat(place.id, "a")).size == 5
    assert await place.url("a") == url
    assert (await place.mount()).pid != first.pid


async def test_another_name_leaves_the_worker_alone(place: Place) -> None:
    await place.storage.entries(place.id)
    first = await place.process()
    row = await StorageSource.get(id=place.id)
    row = await place.core.get(StorageSources).change(row.id, {"name": "Other"}, Expectation(), Role.ADMIN)
    await place.storage.changed(row)
    assert (await place.process()).pid == first.pid


async def test_a_worker_that_takes_ever_more_memory_is_replaced(place: Place) -> None:
    await place.storage.entries(place.id)
    first = await place.process()
    place.faults.fault("grow")
    with contextlib.suppress(CastCoreError):
        await place.storage.entries(place.id)
        await place.storage.entries(place.id)
    place.faults.mend("grow")
    found = await place.until(lambda mount: mount.pid not in (first.pid, None))
    assert found.restarts == 1
    assert (await place.storage.entries(place.id)) == []


async def test_a_worker_that_nobody_needs_is_let_go_and_found_again(place: Place) -> None:
    place.storage._idle = 0.5
    await place.storage.entries(place.id)
    first = await place.process()
    await place.until(lambda mount: mount.state == "unmounted")
    assert first.is_running()
    await place.storage.entries(place.id)
    await place.until(lambda mount: mount.pid == first.pid)


async def test_what_is_unmounted_is_not_used_until_it_is_mounted(place: Place) -> None:
    await place.storage.entries(place.id)
    worker = await place.process()
    assert (await place.storage.unmount(place.id)).state == "unmounted"
    assert not worker.is_running()
    assert await failure(place) == "storage.unmounted"
    assert (await place.storage.mount(place.id)).pid
    assert await place.storage.entries(place.id) == []


async def test_a_worker_that_nobody_uses_ends_by_itself(
    storage: Awkward, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("idle")
    worker = await Worker.start(folder, order_of(storage, idle=0.5))
    identity = worker.hello.identity
    async with asyncio.timeout(10):
        while identity.is_alive():
            await asyncio.sleep(0.05)
    assert [file.suffix for file in folder.iterdir()] == [".json"]


async def test_the_address_is_kept_closed_to_others(storage: Awkward, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("kept")
    order = order_of(storage)
    worker = await Worker.start(folder, order)
    base = worker.base
    await worker.kill()
    (file,) = folder.glob("*.json")
    assert file.stat().st_mode & 0o777 == 0o600
    again = await Worker.start(folder, order)
    assert again.base == base
    await again.drain(1.0)
    assert not (folder / f"{worker_name(order.source)}.lock").exists()


async def test_a_second_worker_of_a_source_is_refused(
    storage: Awkward, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, order = tmp_path_factory.mktemp("second"), order_of(storage)
    worker = await Worker.start(folder, order)
    try:
        with pytest.raises(CastCoreError) as caught:
            await Worker.start(folder, order)
        assert caught.value.params["reason"] == "runner.job_locked"
        found = await Worker.find(folder, order.source)
        assert found is not None
        assert (found.base, found.hello.revision) == (worker.base, order.revision)
    finally:
        await worker.kill()


async def test_a_plugin_that_cannot_be_loaded_is_an_answer(
    storage: Awkward, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("unloadable")
    for values, code in (
        ({"module": "castcore_nowhere"}, "plugins.import_failed"),
        ({"extension": "nothing"}, "extensions.type_unknown"),
        ({"config": {"root": "/"}}, "config.missing"),
    ):
        with pytest.raises(CastCoreError) as caught:
            await Worker.start(folder, order_of(storage, **values))
        assert caught.value.code == code


def test_what_a_storage_lists_outside_of_a_folder_is_left_out(
    storage: Awkward, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with opened_desk(tmp_path_factory.mktemp("outside"), storage) as desk:
        storage.fault("outside")
        (storage.root / "fine").touch()

        async def listed() -> list[str]:
            async with aclosing(desk.worker.entries(StoragePath(""))) as entries:
                return [entry.path async for entry in entries]

        assert asyncio.run(listed()) == ["fine"]
