"""What viewers see live: statuses, log lines, and never a secret."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from quart import Quart

from castcore_core.api.app import create_app
from castcore_core.streams.desired import job_wanted
from engine.scene import House, house
from runner.scene import Sink
from servers.castcore import start, wait_ready
from servers.media import Clips
from servers.nginx import free_port
from servers.redis import RedisServer
from servers.stage import OpenGate

CANARY = "canary-4f7d1c-stream-key"


class Viewer:
    """One WebSocket and everything that came over it."""

    def __init__(self, socket: Any) -> None:
        self.events: list[dict[str, Any]] = []
        self._socket = socket

    async def until(self, condition: Callable[[dict[str, Any]], Any], within: float = 15.0) -> dict[str, Any]:
        async with asyncio.timeout(within):
            while True:
                frame = json.loads(await self._socket.receive())
                self.events += frame["events"]
                for event in frame["events"]:
                    if condition(event):
                        return event


@asynccontextmanager
async def watching(app: Quart, path: str) -> AsyncIterator[Viewer]:
    async with app.test_client().websocket(f"/api/v1{path}") as socket:
        yield Viewer(socket)


def _app(home: House) -> Quart:
    return create_app(home.core, gate=OpenGate())


async def test_statuses_come_as_a_snapshot_and_then_as_they_change(home: House, sink: Sink) -> None:
    app = _app(home)
    job = await home.job("news", sink.url, "a")
    async with watching(app, "/ws/status") as viewer:
        snapshot = await viewer.until(lambda event: event["type"] == "snapshot")
        assert snapshot == {"seq": 1, "type": "snapshot", "data": {"jobs": []}}
        await home.commands.start(job)
        running = await viewer.until(lambda event: event["data"].get("state") == "running")
        assert running["data"]["job_id"] == str(job)
        full = await viewer.until(lambda event: event["data"].get("bitrate", 0) > 0)
        assert full["data"]["outputs"][0]["state"] == "running"
        await home.commands.stop(job)
        await viewer.until(lambda event: event["data"].get("state") == "stopped")
    async with watching(app, "/ws/status") as late:
        assert (await late.until(lambda event: True))["data"] == {"jobs": []}


async def test_the_status_of_one_job_speaks_the_users_language(home: House, sink: Sink) -> None:
    client = _app(home).test_client()
    job = await home.job("news", f"rtmp://127.0.0.1:{free_port()}/live", "a")
    await home.commands.start(job)
    await home.until(job, lambda one: one.health.findings)
    answer = await client.get(f"/api/v1/stream-jobs/{job}/status?lang=de")
    body = await answer.get_json()
    assert body["state"] in ("starting", "reconnecting")
    assert [finding["code"] for finding in body["diagnosis"]] == [one["code"] for one in body["health"]["findings"]]
    first = body["diagnosis"][0]
    assert first["message"] == "Kein Ziel wird beliefert (0 von 1)."
    assert first["cause"]
    assert first["remedy"]
    assert (await client.get(f"/api/v1/stream-jobs/{uuid4()}/status")).status_code == 404
    await home.commands.stop(job)
    await home.reach(job, "stopped")
    body = await (await client.get(f"/api/v1/stream-jobs/{job}/status")).get_json()
    assert (body["state"], body["health"]["score"], body["diagnosis"]) == ("stopped", None, [])


async def test_no_viewer_and_no_file_sees_a_key(home: House, sink: Sink, clips: Clips, data: Path) -> None:
    app = _app(home)
    source = {"kind": "url", "url": f"http://{CANARY}-user:{CANARY}-pw@127.0.0.1:{free_port()}/x?token={CANARY}-t"}
    dead = await home.job("dead", f"rtmp://127.0.0.1:{free_port()}/live", "a", stream_key=CANARY)
    lost = await home.job("lost", sink.url, "b", stream_key=f"{CANARY}-2", source=source)
    async with watching(app, f"/ws/logs/{dead}") as log, watching(app, "/ws/status") as status:
        for job in (dead, lost):
            await home.commands.start(job)
        await log.until(lambda event: event["type"] == "line" and event["data"].get("code"))
        await status.until(lambda event: event["data"].get("job_id") == str(lost) and event["data"].get("code"))
        body = await (await app.test_client().get(f"/api/v1/stream-jobs/{dead}/status")).get_data()
        seen = json.dumps([*log.events, *status.events]) + body.decode()
    assert CANARY not in seen
    for job in (dead, lost):
        await home.commands.stop(job)
        await home.until(job, lambda one: one.state in ("stopped", "failed"))
    logs = "".join(path.read_text() for path in (data / "logs").iterdir())
    assert CANARY not in logs


async def test_a_log_is_there_for_those_who_come_later(data: Path, sink: Sink) -> None:
    async with house(data) as home:
        job = await home.job("news", f"rtmp://127.0.0.1:{free_port()}/live", "a")
        await home.commands.start(job)
        async with watching(_app(home), f"/ws/logs/{job}") as viewer:
            line = await viewer.until(lambda event: event["type"] == "line" and event["data"].get("code"))
            assert line["data"]["source"] == "engine"
        await home.commands.stop(job)
        await home.reach(job, "stopped")
    async with house(data) as home, watching(_app(home), f"/ws/logs/{job}") as viewer:
        snapshot = await viewer.until(lambda event: event["type"] == "snapshot")
        assert line["data"] in snapshot["data"]["lines"]


async def test_a_web_server_reads_along_over_redis(data: Path, sink: Sink, tmp_path: Path) -> None:
    with RedisServer(tmp_path) as redis:
        async with house(data, CASTCORE_ROLE="web", CASTCORE_REDIS_URL=redis.url) as web:
            job = await web.job("news", sink.url, "a")
            await web.commands.start(job)
            running = start(data, module="engine.server", CASTCORE_ROLE="engine", CASTCORE_REDIS_URL=redis.url)
            try:
                await asyncio.to_thread(wait_ready, running)
                status = await web.until(job, lambda one: one.state == "running" and one.bytes)
                assert status.outputs[0].name == "a"
                await web.commands.stop(job)
                # Over Redis the engine hears of it at once, not at its next look.
                await web.until(job, lambda one: one.state in ("stopping", "stopped"), within=1.5)
                await web.reach(job, "stopped")
                assert await _is_stopped(job)
            finally:
                running.process.kill()
                running.process.communicate()


async def _is_stopped(job: UUID) -> bool:
    wanted = await job_wanted(job)
    return wanted is not None and wanted.desired == "stopped"
