"""castcore-apprise inside a server: kept, tried, sent through, and its secrets nowhere to be seen."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from castcore_core.notifications.event import report
from castcore_core.notifications.models import NotificationTarget
from notifications.conftest import Watching
from servers.chat import ChatServer
from servers.staff import Staff, Visitor

TOKEN = "canarytoken9f2e4b61aa"

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def body(chat: ChatServer, **config: Any) -> dict[str, Any]:
    urls = f"json://castcore:{TOKEN}@{chat.url.removeprefix('http://')}/{TOKEN}"
    return {"name": "Chat", "type": "apprise", "config": {"urls": urls, **config}}


async def make(admin: Visitor, chat: ChatServer) -> str:
    reply = await admin("POST", "/notifications", body(chat))
    assert reply.status == 201, reply.body
    assert reply.body["config"] == {"urls": f"••••{TOKEN[-4:]}"}
    return f"/notifications/{reply.body['id']}"


async def test_the_plugin_costs_nothing_until_it_is_used(admin: Visitor, chat: ChatServer) -> None:
    types = (await admin("GET", "/notifications/types")).body["items"]
    (found,) = [each for each in types if each["id"] == "apprise"]
    assert (found["plugin"], found["config_schema"]["properties"]["urls"]["x-castcore-secret"]) == ("apprise", True)
    code = "import sys, castcore_apprise.plugin; print('apprise' in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert await process.communicate() == (b"False\n", None)


async def test_a_wrong_address_is_refused_when_it_is_saved(admin: Visitor, chat: ChatServer) -> None:
    reply = await admin("POST", "/notifications", body(chat, urls=f"json://h/x\nnosuchservice://{TOKEN}"))
    assert (reply.status, reply.code) == (422, "apprise.url_invalid")
    assert reply.body["error"]["params"] == {"field": "urls", "line": 2}
    assert TOKEN not in str(reply.body)
    assert await NotificationTarget.all().count() == 0


async def test_messages_go_through_it_and_failures_are_told_in_codes(
    admin: Visitor, house: Staff, chat: ChatServer, watching: Watching
) -> None:
    path = await make(admin, chat)
    assert (await admin("POST", f"{path}/test")).body == {"ok": True, "answer": "JSON", "code": "", "params": {}}
    chat.answer = lambda request: httpx.Response(401 if len(chat.requests) == 2 else 200, text=TOKEN)
    async with watching():
        for source in ("one", "two"):
            await report(house.core.bus, "storage.failing", source, params={"source": source})
        await chat.wait(2)
    log = (await admin("GET", f"{path}/deliveries?sort=created_at")).body["items"]
    assert [(each["state"], each["code"]) for each in log[:2]] == [("sent", ""), ("failed", "apprise.denied")]
    assert log[1]["answer"].endswith("Verification Failed., error=401.")
    assert (await admin("GET", path)).body["last"]["state"] == "sent"


async def test_its_secrets_are_nowhere(
    admin: Visitor, house: Staff, chat: ChatServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = await make(admin, chat)
    chat.answer = lambda request: httpx.Response(500, text=TOKEN)
    answers = [(await admin("POST", f"{path}/test")).body]
    answers += [(await admin("GET", place)).body for place in (path, f"{path}/deliveries", "/audit", "/notifications")]
    captured = capfd.readouterr()
    assert TOKEN not in f"{answers} {captured.out} {captured.err}"
    for file in (tmp_path / "data").rglob("*"):
        if file.is_file():
            assert TOKEN.encode() not in await asyncio.to_thread(file.read_bytes), file
