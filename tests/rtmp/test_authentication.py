"""User name and password in Adobe's way, against a scripted server that checks them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from urllib.parse import parse_qsl

import pytest

from castcore_core.rtmp import Endpoint, RejectedError, publish
from castcore_core.rtmp.command import Command, status
from servers.faulty import Dialogue, scripted

SALT, CHALLENGE = "s+lt=", "ch/ll=="


def digest(text: str) -> str:
    return base64.b64encode(hashlib.md5(text.encode()).digest()).decode()


async def asks(dialogue: Dialogue) -> None:
    """Ask for credentials as Adobe's servers do, then let ``user`` with ``canary-pass`` publish."""
    await dialogue.handshake()
    connect = await dialogue.command("connect")
    app = str(connect.info["app"])
    given = {name: value.replace(" ", "+") for name, value in parse_qsl(app.partition("?")[2])}
    if not given:
        said = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : "
    elif "response" not in given:
        asked = f"?reason=needauth&user=user&salt={SALT}&challenge={CHALLENGE}&opaque={CHALLENGE}"
        said = f"[ AccessManager.Reject ] : [ authmod=adobe ] : {asked}"
    else:
        inner = digest(given["user"] + SALT + "canary-pass")
        if given["response"] == digest(inner + CHALLENGE + given["challenge"]):
            dialogue.accept(connect)
            dialogue.accept(await dialogue.command("createStream"), 1.0)
            await dialogue.command("publish")
            dialogue.say(status("status", "NetStream.Publish.Start", "go"), 1)
            await asyncio.Event().wait()
        said = "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfail&opaque=x"
    info = {"level": "error", "code": "NetConnection.Connect.Rejected", "description": said}
    dialogue.say(Command("_error", connect.transaction, (None, info)))
    await dialogue.writer.drain()


async def test_the_right_password_is_let_in() -> None:
    async with scripted(asks) as port:
        publisher = await publish(
            Endpoint.parse(f"rtmp://127.0.0.1:{port}/live/key", username="user", password="canary-pass")
        )
        await publisher.close(0.2)


@pytest.mark.parametrize(
    ("username", "password", "code"),
    [("user", "canary-wrong", "rtmp.auth_failed"), (None, None, "rtmp.auth_required")],
)
async def test_a_wrong_or_missing_password_is_named(username: str | None, password: str | None, code: str) -> None:
    async with scripted(asks) as port:
        endpoint = Endpoint.parse(f"rtmp://127.0.0.1:{port}/live/key", username=username, password=password)
        with pytest.raises(RejectedError) as caught:
            await publish(endpoint)
        assert caught.value.code == code
        assert "canary" not in str(caught.value)


async def test_another_method_is_named() -> None:
    async def script(dialogue: Dialogue) -> None:
        await dialogue.handshake()
        connect = await dialogue.command("connect")
        dialogue.say(Command("_error", connect.transaction, (None, {"description": "[ authmod=llnw ] : x"})))
        await dialogue.writer.drain()

    async with scripted(script) as port:
        with pytest.raises(RejectedError) as caught:
            await publish(Endpoint.parse(f"rtmp://127.0.0.1:{port}/live/key", username="u", password="p"))
        assert caught.value.code == "rtmp.auth_required"
