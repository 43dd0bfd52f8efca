"""Routes that only tests have, to see how the application treats its routes; also a program that serves them.

``python -m servers.stage`` serves them with an open gate, as ``castcore serve`` would.
"""

from __future__ import annotations

import asyncio
import json

from pydantic import BaseModel, ConfigDict, SecretStr
from quart import Blueprint, Response, request
from quart_schema import validate_querystring, validate_request, validate_response

from castcore_core.api.body import accepts
from castcore_core.api.gate import Gate
from castcore_core.api.idempotency import idempotent
from castcore_core.api.live import Message, Outbox, send_live
from castcore_core.api.page import Page, PageQuery
from castcore_core.api.precondition import etag_header, expectation
from castcore_core.api.rule import current_core
from castcore_core.api.sse import EventLog, send_events
from castcore_core.config import load_configuration
from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.error import ConflictError, InvalidError
from castcore_core.feature import FEATURES, Feature
from castcore_core.server.process import run_server

STAGE = Feature("stage", routes="servers.stage")
FOUNDATION = (*(feature for feature in FEATURES if feature.name in ("api", "monitoring")), STAGE)
"""What every server has, and the stage: tests of the rules need none of what is built on them."""

blueprint = Blueprint("stage", __name__)
calls: list[str] = []
log = EventLog(limit=100)
born = utc_now()


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str
    password: SecretStr | None = None


@blueprint.post("/stage/notes")
@idempotent
@validate_request(Note)
async def make_note(data: Note) -> tuple[dict[str, object], int, dict[str, str]]:
    calls.append(data.title)
    if data.title == "busy":
        raise ConflictError("conflict.duplicate", params={"field": "title"})
    if data.title == "slow":
        await asyncio.sleep(0.2)
    return {"number": len(calls), "title": data.title, "at": born}, 201, {"Location": "/n/1", "X-Other": "1"}


@blueprint.get("/stage/notes")
@validate_querystring(PageQuery)
@validate_response(Page[Note])
async def list_notes(query_args: PageQuery) -> Page[Note]:
    query_args.order({"title"}, "title")
    return Page.of([Note(title="a")], 1, query_args)


@blueprint.patch("/stage/note")
async def change_note() -> tuple[dict[str, str], int, dict[str, str]]:
    expectation().check(born)
    return {"title": "a"}, 200, etag_header(born)


@blueprint.put("/stage/file")
@accepts("application/octet-stream", limit=3_000_000)
async def put_file() -> dict[str, int]:
    return {"bytes": len(await request.get_data())}


@blueprint.get("/stage/fault")
async def fault() -> None:
    raise RuntimeError("canary-in-a-fault")


@blueprint.get("/stage/refusal")
async def refusal() -> None:
    raise InvalidError.at("outputs", 0, "url", type="url_scheme")


@blueprint.get("/stage/whoami")
async def whoami() -> dict[str, object]:
    from castcore_core.api.host import client_address, is_secure

    configuration = current_core().configuration
    return {"address": client_address(configuration), "secure": is_secure(configuration)}


@blueprint.get("/stage/events")
async def events() -> Response:
    return send_events(current_core(), log)


@blueprint.post("/stage/events/<int:count>")
async def add_events(count: int) -> dict[str, int]:
    for _ in range(count):
        log.append("step", {"n": log.last + 1})
    return {"last": log.last}


@blueprint.websocket("/stage/flood/<int:count>/<int:size>")
async def flood(count: int, size: int) -> None:
    """Send a snapshot and then ``count`` events of ``size`` characters, all as fast as they are made."""
    outbox = Outbox(limit=50)
    outbox.put(Message("snapshot", {}))

    async def fill() -> None:
        for number in range(count):
            outbox.put(Message("line", {"n": number, "text": "x" * size}))
            if number % 25 == 0:
                await asyncio.sleep(0.12)
        outbox.put(Message("end", {}))

    async with asyncio.TaskGroup() as group:
        filling = group.create_task(fill())
        await send_live(current_core(), outbox)
        filling.cancel()


class OpenGate:
    """Let everybody pass: for tests of what is behind the gate."""

    async def admit(self, rule: str, method: str) -> None:
        """Admit."""


def _ready(address: str, core: Core) -> None:
    print(json.dumps({"address": address}), flush=True)


if __name__ == "__main__":
    gate: Gate = OpenGate()
    run_server(load_configuration(), _ready, features=FOUNDATION, gate=gate)
