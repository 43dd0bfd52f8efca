"""The socket of a runner, with readers and writers that do not behave."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castcore_core.runner.client import launch
from castcore_core.runner.control import Connection, Control
from castcore_core.runner.error import Problem, RunnerError
from castcore_core.runner.event import Event, JobState, LogLine, OutputStatistics, Progress, event_from_json
from castcore_core.runner.folder import RunFolder
from castcore_core.runner.protocol import MAX_LINE, LineBuffer, decode, encode
from runner.scene import job, keys, rtmp, running


def obey(connection: Connection, command: dict[str, object]) -> dict[str, object]:
    if command["op"] == "hello":
        connection.greeted = True
        return {"said": "hello"}
    raise RunnerError("runner.not_started")


@pytest.fixture
def private(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / ("deep" * 20) / ("deep" * 20) / "run", create=True)


async def connect(folder: RunFolder) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_unix_connection(folder.address("0123abcd"), limit=MAX_LINE)


async def test_commands_are_answered_over_a_path_too_long_for_sockets(private: RunFolder) -> None:
    assert len(str(private.path)) > 107
    control = Control(private, "0123abcd", obey, lambda gone: None)
    await control.listen()
    reader, writer = await connect(private)
    writer.write(b'{"op":"hello","id":1}\n{"op":"pause","id":2}\n{"op":"pause"}\n{"id":3}\n')
    answers = [json.loads(await reader.readline()) for _ in range(3)]
    assert answers[0] == {"reply": 1, "ok": True, "said": "hello"}
    assert answers[1]["error"]["code"] == "runner.not_started"
    assert answers[2]["error"]["code"] == "runner.protocol_error"
    writer.write(b"no json\n")
    assert json.loads(await reader.readline())["error"]["code"] == "runner.protocol_error"
    assert await reader.read() == b""
    writer.close()
    await control.close(0.1)
    assert not list(private.path.iterdir())
    private.close()


async def test_a_reader_that_sleeps_loses_progress_and_never_a_state(private: RunFolder) -> None:
    control = Control(private, "0123abcd", obey, lambda gone: None)
    await control.listen()
    sleeper = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sleeper.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sleeper, private.address("0123abcd"))
    await loop.sock_sendall(sleeper, b'{"op":"hello","id":1}\n')
    await loop.sock_recv(sleeper, 1000)
    for number in range(4000):
        control.broadcast(encode({"n": number, "rest": "x" * 500}), must_arrive=number % 100 == 0)
    reader, writer = await asyncio.open_unix_connection(sock=sleeper)
    closing = asyncio.create_task(control.close(5.0))
    got = [json.loads(line)["n"] for line in (await reader.read()).splitlines()]
    await closing
    writer.close()
    assert set(range(0, 4000, 100)) <= set(got)
    assert got == sorted(got)
    assert len(got) < 2000
    assert got[-1] == 3999
    private.close()


async def test_more_connections_than_eight_are_turned_away(private: RunFolder) -> None:
    control = Control(private, "0123abcd", obey, lambda gone: None)
    await control.listen()
    pairs = [await connect(private) for _ in range(8)]
    for reader, writer in pairs:
        writer.write(b'{"op":"hello","id":1}\n')
        await reader.readline()
    reader, writer = await connect(private)
    assert await reader.read() == b""
    for _, one in (*pairs, (reader, writer)):
        one.close()
    await control.close(0.1)
    private.close()


async def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(RunnerError) as refusal:
        await launch(tmp_path, job(), {})
    assert refusal.value.code == "runner.folder_unsafe"
    with pytest.raises(RunnerError):
        RunFolder(tmp_path / "missing")


async def test_a_plan_that_does_not_hold_together_is_refused_with_its_reason(folder: Path) -> None:
    plan = job(rtmp("a", "rtmp://127.0.0.1/live"), rtmp("a", "rtmp://127.0.0.1/live"))
    with pytest.raises(RunnerError) as refusal:
        await launch(folder, plan, keys(plan))
    assert refusal.value.code == "runner.plan_invalid"
    assert refusal.value.detail == "two outputs with one id"


async def test_a_running_job_takes_no_second_plan_and_no_unknown_output(folder: Path) -> None:
    async with running(folder, job(), {}) as run:
        with pytest.raises(RunnerError) as refusal:
            await run.client.start(job(), {})
        assert refusal.value.code == "runner.already_started"
        with pytest.raises(RunnerError) as refusal:
            await run.client.remove_output("nobody")
        assert refusal.value.code == "runner.output_unknown"
        assert (await run.client.status()).state in ("starting", "running")
        assert os.path.exists(f"/proc/{run.pid}")


@given(st.lists(st.binary(min_size=1, max_size=20).filter(lambda line: b"\n" not in line and line.strip())), st.data())
def test_lines_come_back_whatever_pieces_they_come_in(lines: list[bytes], data: st.DataObject) -> None:
    whole, buffer, found = b"".join(line + b"\n" for line in lines), LineBuffer(), []
    while whole:
        size = data.draw(st.integers(1, len(whole)))
        found += buffer.feed(whole[:size])
        whole = whole[size:]
    assert found == lines


def test_a_line_too_long_and_a_depth_too_great_are_refused() -> None:
    with pytest.raises(RunnerError):
        LineBuffer().feed(b"x" * (MAX_LINE + 1))
    with pytest.raises(RunnerError):
        decode(b"[" * 100_000)
    with pytest.raises(RunnerError):
        decode(b"[]")


@pytest.mark.parametrize(
    "event",
    [
        JobState(seq=3, at=1.5, state="failed", code="runner.no_output_up", params={"seconds": 1.0},
                 cause=Problem("rtmp.refused", {"peer": "x"}, "why"), totals={"a": OutputStatistics(bytes=5)}),
        LogLine(seq=4, source="encoder", level="warning", line="ümlaut"),
        Progress(outputs={"a": OutputStatistics(state="up")}),
    ],
)  # fmt: skip
def test_events_survive_their_way(event: Event) -> None:
    data = decode(encode(event.to_json()))
    assert event_from_json(data | {"added_later": 1}) == event


def test_an_event_of_a_newer_runner_is_passed_over() -> None:
    assert event_from_json({"type": "weather"}) is None
