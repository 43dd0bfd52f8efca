"""``kill -9`` with messages on their way: they arrive in the next life, with the ids that they had."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx

from castcore_core.accounts.role import Role
from servers.castcore import server
from servers.chat import ChatServer
from servers.house import make_destination, make_job
from servers.staff import Reply, staffed


async def test_messages_survive_a_kill(tmp_path: Path, chat: ChatServer) -> None:
    folder = tmp_path / "data"
    async with staffed(folder, CASTCORE_ROLE="web") as staff:
        admin = await staff.signed_in(Role.ADMIN)
        made: Reply = await admin("POST", "/notifications", chat.target(events=["output.*"]))
        assert made.status == 201, made.body
        destination = await make_destination(admin, "Nowhere")
        job = await make_job(admin, to=destination["id"])
        assert (await admin("POST", f"/stream-jobs/{job['id']}/start")).status == 200
        token = admin.headers["Authorization"]
    chat.free.clear()
    with server(folder):
        # The runner is refused by the destination; the message about it is on its way and hangs.
        await chat.until(lambda: len(chat.requests) == 1)
    assert chat.taken == []
    chat.free.set()
    chat.taken.clear()
    with server(folder) as running:
        try:
            await chat.until(lambda: len(chat.requests) >= 2)
            await chat.wait(1)
            log = _get(running.address, token, f"/notifications/{made.body['id']}/deliveries")
        finally:
            _post(running.address, token, f"/stream-jobs/{job['id']}/stop")
            _wait_stopped(running.address, token, job["id"])
        running.stop()
    first, again = chat.requests[:2]
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    message = chat.messages[0]
    assert (message["event"], message["params"]) == ("output.down", {"job": "Morning show", "output": "Nowhere"})
    assert [each["id"] for each in log["items"]] == [message["id"]]


def _get(address: str, token: str, path: str) -> Any:
    return _call(httpx.get, address, token, path)


def _post(address: str, token: str, path: str) -> Any:
    return _call(httpx.post, address, token, path)


def _call(method: Callable[..., httpx.Response], address: str, token: str, path: str) -> Any:
    answer = method(f"{address}/api/v1{path}", headers={"Authorization": token}, timeout=20)
    answer.raise_for_status()
    return answer.json()


def _wait_stopped(address: str, token: str, job_id: str) -> None:
    for _ in range(200):
        if _get(address, token, f"/stream-jobs/{job_id}/status")["state"] == "stopped":
            return
    raise AssertionError("the job does not stop")
