"""Every error has the one form."""

from __future__ import annotations

from pathlib import Path

import pytest

from servers.castcore import application
from servers.stage import FOUNDATION


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "request.not_found"),
        ("GET", "/nothing", 404, "request.not_found"),
        ("DELETE", "/api/v1/system/health", 405, "request.method_not_allowed"),
        ("GET", "/api/v1/i18n/fr", 404, "request.not_found"),
        ("GET", "/api/v1/i18n/en%00", 400, "request.malformed"),
        ("GET", "/metrics", 404, "request.not_found"),
        ("GET", "/api/v1/channels", 501, "feature.not_available"),
    ],
)
async def test_status_and_code(tmp_path: Path, method: str, path: str, status: int, code: str) -> None:
    async with application(tmp_path, features=FOUNDATION) as app:
        response = await app.test_client().open(path, method=method)
        body = await response.get_json()
    assert (response.status_code, body["error"]["code"], body["error"]["level"]) == (status, code, "error")
    if status == 405:
        assert {"GET", "HEAD", "OPTIONS"} == set(response.headers["Allow"].split(", "))
