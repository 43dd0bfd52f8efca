"""WebSockets whose slow clients hold nobody up, over real connections."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from quart import g
from quart.testing.connections import WebsocketDisconnectError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from castcore_core.api.live import Message, Outbox
from servers.castcore import ServerProcess, application, server
from servers.stage import FOUNDATION


async def frame(outbox: Outbox) -> dict[str, Any]:
    async with asyncio.timeout(5):
        found: dict[str, Any] = json.loads(await outbox.frame())
        return found


async def test_events_are_numbered_and_carry_their_data() -> None:
    outbox = Outbox()
    outbox.put(Message("snapshot", {"jobs": []}))
    outbox.put(Message("line", 'ü \u2028 "quoted"'))
    assert await frame(outbox) == {
        "events": [
            {"seq": 1, "type": "snapshot", "data": {"jobs": []}},
            {"seq": 2, "type": "line", "data": 'ü \u2028 "quoted"'},
        ],
        "lost": 0,
    }


async def test_the_oldest_are_lost_and_counted_once() -> None:
    outbox = Outbox(limit=3)
    for number in range(5):
        outbox.put(Message("line", number))
    first = await frame(outbox)
    assert [event["seq"] for event in first["events"]] == [3, 4, 5]
    assert first["lost"] == 2
    outbox.put(Message("line", 5))
    assert await frame(outbox) == {"events": [{"seq": 6, "type": "line", "data": 5}], "lost": 0}


async def test_states_of_one_thing_are_coalesced() -> None:
    outbox = Outbox(limit=10)
    for number in range(1000):
        outbox.put(Message("status", number), key="job-1")
        outbox.put(Message("status", -number), key="job-2")
    found = await frame(outbox)
    assert [(event["seq"], event["data"]) for event in found["events"]] == [(1, 999), (2, -999)]
    assert found["lost"] == 0


async def test_a_long_queue_is_sent_in_several_frames() -> None:
    outbox = Outbox(limit=1200)
    for number in range(1200):
        outbox.put(Message("line", number))
    assert [len((await frame(outbox))["events"]) for _ in range(3)] == [500, 500, 200]


def test_a_message_for_many_is_written_once() -> None:
    class Counted(dict[str, int]):
        written = 0

        def items(self):
            Counted.written += 1
            return super().items()

    message, boxes = Message("status", Counted(a=1)), [Outbox() for _ in range(50)]
    for box in boxes:
        box.put(message)
    assert len({id(message.text) for _ in boxes}) == 1


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with server(tmp_path_factory.mktemp("live") / "data", module="servers.stage") as started:
        yield started


async def _all(connection: ClientConnection) -> tuple[list[int], int]:
    numbers, lost = [], 0
    async with asyncio.timeout(30):
        while True:
            found = json.loads(await connection.recv())
            numbers += [event["seq"] for event in found["events"]]
            lost += found["lost"]
            if found["events"][-1]["type"] == "end":
                return numbers, lost


async def _close_code(connection: ClientConnection) -> int | None:
    try:
        while True:
            await connection.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


async def test_who_keeps_up_loses_nothing_beside_one_who_does_not(running: ServerProcess) -> None:
    address = f"{running.socket_address}/api/v1/stage/flood"
    options: dict[str, Any] = {"compression": None, "max_queue": 1, "max_size": None, "close_timeout": 0.1}
    async with connect(f"{address}/400/200000", **options) as slow:
        quick = [await connect(f"{address}/200/100") for _ in range(10)]
        for numbers, lost in await asyncio.gather(*(_all(each) for each in quick)):
            assert numbers == list(range(1, 203))
            assert lost == 0
        for each in quick:
            await each.close()
        numbers, lost = await _all(slow)
        assert lost > 0
        assert len(numbers) + lost == 402
        gaps = sum(later - earlier - 1 for earlier, later in zip([0, *numbers], numbers, strict=False))
        assert gaps == lost


async def test_the_machine_is_sent_with_a_snapshot_first(running: ServerProcess) -> None:
    async with connect(f"{running.socket_address}/api/v1/ws/system") as connection:
        await connection.send("what a client says is not listened to")
        first = json.loads(await connection.recv())["events"][0]
        assert (first["seq"], first["type"]) == (1, "snapshot")
        assert first["data"]["cpu_count"] >= 1
        second = json.loads(await connection.recv())["events"][0]
        assert (second["seq"], second["type"]) == (2, "figures")


async def test_an_endless_message_of_a_client_ends_its_connection_alone(running: ServerProcess) -> None:
    async with connect(f"{running.socket_address}/api/v1/ws/system") as connection:
        await connection.send("x" * 200_000)
        assert await _close_code(connection) == 1009


async def test_a_refused_socket_says_why(tmp_path: Path) -> None:
    with server(tmp_path / "data") as closed:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"{closed.socket_address}/api/v1/ws/system"):
                pass
        assert refused.value.response.status_code in (401, 409)
        assert set(json.loads(refused.value.response.body)["error"]) == {"code", "params", "level"}


async def test_a_socket_ends_with_its_session(tmp_path: Path) -> None:
    class Guest:
        id = "1"
        ended = False

        async def is_valid(self) -> bool:
            return not self.ended

    guest = Guest()

    class GuestGate:
        async def admit(self, rule: str, method: str) -> None:
            g.actor = guest

    async with (
        application(tmp_path, features=FOUNDATION, gate=GuestGate()) as app,
        asyncio.timeout(10),
        app.test_client().websocket("/api/v1/ws/system") as connection,
    ):
        assert json.loads(await connection.receive())["events"][0]["type"] == "snapshot"
        guest.ended = True
        assert await _disconnect_code(connection) == 4401


async def _disconnect_code(connection: Any) -> int | None:
    try:
        while True:
            await connection.receive()
    except WebsocketDisconnectError as ended:
        return int(ended.args[0])
