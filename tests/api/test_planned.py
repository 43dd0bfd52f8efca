"""The paths that wait for later work: all of them, and nothing else, answer 501."""

from __future__ import annotations

import re
from pathlib import Path

from castcore_core.api.planned import PLANNED
from servers.castcore import application
from servers.stage import FOUNDATION

WAITING = """
GET POST /channels
GET PATCH DELETE /channels/{id}
GET /channels/{id}/epg.xml
GET /channels/{id}/playlist.m3u
POST /channels/{id}/simulate
GET POST /playlists
GET PATCH DELETE /playlists/{id}
POST /playlists/{id}/items
GET /playlists/{id}/resolve
GET /recordings
GET DELETE /recordings/{id}
POST /stream-jobs/{id}/recording
GET POST /replay
PATCH /replay/{id}
GET POST /scheduler
GET PATCH DELETE /scheduler/{id}
GET POST /backups
GET /backups/{id}/download
POST /backups/{id}/restore
GET /update/state
POST /update/check
POST /update/migrate
"""


def _waiting() -> dict[str, set[str]]:
    lines = [line.split() for line in WAITING.strip().splitlines()]
    return {line[-1]: set(line[:-1]) for line in lines}


def test_the_list_is_complete() -> None:
    built = {
        re.sub(r"<(\w+)>", r"{\1}", path): set(methods.split())
        for paths in PLANNED.values()
        for path, methods in paths.items()
    }
    assert built == _waiting()


async def test_each_answers_501_and_is_not_in_the_document(tmp_path: Path) -> None:
    async with application(tmp_path, features=FOUNDATION) as app:
        client = app.test_client()
        document = await (await client.get("/api/v1/openapi.json")).get_json()
        for path, methods in _waiting().items():
            assert f"/api/v1{path}" not in document["paths"]
            for method in methods:
                response = await client.open("/api/v1" + re.sub(r"{\w+}", "0", path), method=method)
                error = (await response.get_json())["error"]
                assert (response.status_code, error["code"]) == (501, "feature.not_available"), (method, path)
                assert error["params"]["feature"] in PLANNED
