"""What pages need to have something to show."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from servers.browser import Site
from servers.media import Clips


def folder(server: Site, clips: Clips, name: str = "library") -> Path:
    """Return a folder with one good and one broken file."""
    made = server.process.log.parent / name
    made.mkdir(exist_ok=True)
    shutil.copy(clips["av"], made / "opening.mp4")
    (made / "broken.mp4").write_bytes(b"no media")
    return made


def until(server: Site, path: str, wanted: Any, within: float = 30.0) -> Any:
    """Ask the API again until ``wanted(answer)`` holds, and return the answer."""
    deadline = time.monotonic() + within
    while not wanted(answer := server.client.get(f"/api/v1{path}").json()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.1)
    return answer


def library(server: Site, clips: Clips) -> dict[str, Any]:
    """Keep a storage that has been scanned, an account and a target of notifications; return their ids."""
    root = folder(server, clips)
    storage = server.post("/storage-sources", {"name": "Studio", "type": "local", "config": {"root": str(root)}})["id"]
    server.post(f"/storage-sources/{storage}/scan")
    until(server, f"/storage-sources/{storage}/scans", lambda found: found["items"][0]["state"] == "done")
    items = server.client.get("/api/v1/media?streamable=true").json()["items"]
    hook = {"url": "https://hooks.example/castcore", "secret": "a-secret-of-the-night-shift"}
    target = server.post(
        "/notifications", {"name": "Night shift", "type": "webhook", "config": hook, "events": ["job.*"]}
    )
    client = {"client_id": "castcore.apps.example", "client_secret": "canary-client-secret"}
    account = server.post("/platform-accounts", {"name": "Main channel", "type": "youtube", **client})
    return {"storage": storage, "media": items[0]["id"], "target": target["id"], "account": account["id"]}
