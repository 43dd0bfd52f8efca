"""What tests of jobs need: a server with its staff, and objects made through its API."""

from __future__ import annotations

from typing import Any

from servers.staff import Visitor

KEY = "canary-stream-key-7f3a9c"


async def make_destination(visitor: Visitor, name: str = "Studio", **config: Any) -> dict[str, Any]:
    """Make an RTMP destination."""
    config = {"url": "rtmp://127.0.0.1:1935/live", "stream_key": KEY, **config}
    reply = await visitor("POST", "/destinations", {"name": name, "type": "rtmp", "config": config})
    assert reply.status == 201, reply.body
    return dict(reply.body)


async def make_profile(visitor: Visitor, name: str = "Small", **fields: Any) -> dict[str, Any]:
    """Make a profile of 320x180."""
    body = {"name": name, "video": {"width": 320, "height": 180, "fps": 15, "bitrate": 300_000}, **fields}
    reply = await visitor("POST", "/ffmpeg-profiles", body)
    assert reply.status == 201, reply.body
    return dict(reply.body)


async def make_job(visitor: Visitor, name: str = "Morning show", **fields: Any) -> dict[str, Any]:
    """Make a job with a test picture."""
    reply = await visitor("POST", "/stream-jobs", {"name": name, "source": {"kind": "test"}, **fields})
    assert reply.status == 201, reply.body
    return dict(reply.body)
