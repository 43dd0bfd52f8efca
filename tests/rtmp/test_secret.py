"""A canary in key and password stands in no log line, repr or error, whatever happens to the session."""

from __future__ import annotations

import asyncio
import logging

import pytest

from castcore_core.rtmp import Endpoint, IncomingStream, Refusal, Request, RtmpError, Timeouts, publish, serve
from castcore_core.rtmp.command import Command
from servers.faulty import closes_at, hangs_at, scripted, sends_garbage

KEY = "canary-key?sig=canary-sig"
QUICK = Timeouts(connect=0.3, handshake=0.3, answer=0.3, idle=0.3, stalled=0.3)


async def test_client_and_server_never_show_the_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    shown: list[str] = []

    async def decide(request: Request) -> Refusal | None:
        shown.append(repr(request))
        return None if request.app.startswith("live") else Refusal(description="no")

    async def fails(stream: IncomingStream) -> None:
        shown.append(repr(stream))
        raise ZeroDivisionError

    server = await serve("127.0.0.1", 0, authorize=decide, publish=fails)
    for app in ("live", "other"):
        endpoint = Endpoint.parse(
            f"rtmp://127.0.0.1:{server.port}/{app}?t=canary-app", stream_key=KEY, password="canary-pass"
        )
        shown.append(repr(endpoint))
        try:
            publisher = await publish(endpoint, timeouts=QUICK)
            shown += [repr(publisher), str(await publisher.closed)]
        except RtmpError as error:
            shown += [repr(error), str(error)]
    await server.close()
    for script in (closes_at("publish"), hangs_at("publish"), sends_garbage("publish")):
        async with scripted(script) as port:
            with pytest.raises(RtmpError) as caught:
                await publish(Endpoint.parse(f"rtmp://127.0.0.1:{port}/live", stream_key=KEY), timeouts=QUICK)
            shown += [repr(caught.value), str(caught.value)]
    command = Command("publish", 5, (None, KEY))
    shown += [repr(command), repr(command.to_message()), caplog.text]
    assert "ZeroDivisionError" in caplog.text
    assert "canary" not in "\n".join(shown)
