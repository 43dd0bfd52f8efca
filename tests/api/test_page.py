"""Lists answer in pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from servers.castcore import application
from servers.stage import FOUNDATION


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("?limit=500&offset=2147483647&sort=-title,title", 200),
        ("?limit=0", 422),
        ("?limit=501", 422),
        ("?limit=x", 422),
        ("?limit=1&limit=2", 422),
        ("?offset=-1", 422),
        ("?offset=99999999999999999999", 422),
        ("?sort=password", 422),
        ("?sort=--title", 422),
        ("?unknown=1", 422),
        ("?sort=" + "title," * 100, 422),
    ],
)
async def test_query(tmp_path: Path, query: str, status: int) -> None:
    async with application(tmp_path, features=FOUNDATION) as app:
        response = await app.test_client().get(f"/api/v1/stage/notes{query}")
        body = await response.get_json()
    assert response.status_code == status, body
    if status == 200:
        assert body.keys() == {"items", "total", "limit", "offset"}
        assert body["limit"] == (500 if "limit" in query else 50)
    else:
        assert body["error"]["code"] == "validation.failed"
        assert body["error"]["params"]["fields"][0]["path"] == [query[1:].partition("=")[0]]
