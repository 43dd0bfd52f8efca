"""What tests of jobs need: a server with its staff, and objects made through its API.

``from servers.house import admin, house, operator, viewer`` in a conftest gives the fixtures. No engine runs: what is
commanded stays a wish.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from castcore_core.accounts.role import Role
from servers.staff import Reply, Staff, Visitor, staffed

KEY = "canary-stream-key-7f3a9c"
SHOWN = "••••3a9c"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Staff]:
    """A server with one user per role."""
    async with staffed(tmp_path / "data", CASTCORE_ROLE="web") as staff:
        yield staff


@pytest.fixture
async def operator(house: Staff) -> Visitor:
    return await house.signed_in(Role.OPERATOR)


@pytest.fixture
async def admin(house: Staff) -> Visitor:
    return await house.signed_in(Role.ADMIN)


@pytest.fixture
async def viewer(house: Staff) -> Visitor:
    return await house.signed_in(Role.VIEWER)


async def make_destination(visitor: Visitor, name: str = "Studio", **config: Any) -> dict[str, Any]:
    """Make an RTMP destination."""
    config = {"url": "rtmp://127.0.0.1:1/live", "stream_key": KEY, **config}
    return _made(await visitor("POST", "/destinations", {"name": name, "type": "rtmp", "config": config}))


async def make_profile(visitor: Visitor, name: str = "Small", **fields: Any) -> dict[str, Any]:
    """Make a profile of 320x180."""
    body = {"name": name, "video": {"width": 320, "height": 180, "fps": 15, "bitrate": 300_000}, **fields}
    return _made(await visitor("POST", "/ffmpeg-profiles", body))


async def make_job(
    visitor: Visitor, name: str = "Morning show", *, to: str | None = None, **fields: Any
) -> dict[str, Any]:
    """Make a job with a small test picture; ``to`` is the id of its destination."""
    body = {"name": name, "source": {"kind": "test", "width": 160, "height": 90, "fps": 15}, **fields}
    if to is not None:
        body["outputs"] = [{"destination_id": to}]
    return _made(await visitor("POST", "/stream-jobs", body))


def faults(reply: Reply) -> list[tuple[list[str | int], str]]:
    """Return place and kind of every field that was refused."""
    assert reply.status == 422, reply.body
    return [(each["path"], each["type"]) for each in reply.body["error"]["params"]["fields"]]


def _made(reply: Reply) -> dict[str, Any]:
    assert reply.status == 201, reply.body
    return dict(reply.body)
