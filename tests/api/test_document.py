"""What the API tells about itself."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import pytest

from castcore_core import __version__
from castcore_core.i18n import catalogue
from servers.castcore import application
from servers.stage import FOUNDATION


async def test_the_document_is_openapi_with_the_envelope_everywhere(tmp_path: Path) -> None:
    async with application(tmp_path, features=FOUNDATION) as app:
        response = await app.test_client().get("/api/v1/openapi.json")
        document = await response.get_json()
    assert (document["openapi"], document["info"]["version"]) == ("3.1.0", __version__)
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len(operations) >= 5
    for operation in operations:
        schema = operation["responses"]["default"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Error"}
    text = str(document)
    for name in re.findall(r"#/components/schemas/(\w+)", text):
        assert name in document["components"]["schemas"]
    assert document["paths"]["/api/v1/system/health"]["get"]["security"] == []


async def test_the_page_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    async with application(tmp_path, features=FOUNDATION) as app:
        response = await app.test_client().get("/api/v1/docs")
        text = await response.get_data(as_text=True)
    assert response.content_type == "text/html; charset=utf-8"
    assert "/api/v1/system/health" in text
    assert "/api/v1/stage/notes" in text
    assert "<script" not in text
    assert re.findall(r"(?:https?:)?//[a-z]", text) == []
    assert "'sha256-" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("language", ["en", "de"])
async def test_catalogues_are_served_by_namespace(tmp_path: Path, language: str) -> None:
    async with application(tmp_path, features=FOUNDATION) as app:
        client = app.test_client()
        response = await client.get(f"/api/v1/i18n/{language}")
        served = await response.get_json()
        assert served["database"]["missing"] == catalogue(language)["database.missing"]
        assert sum(len(names) for names in served.values()) == len(catalogue(language))
        again = await client.get(f"/api/v1/i18n/{language}", headers={"If-None-Match": response.headers["ETag"]})
        assert (again.status_code, await again.get_data()) == (304, b"")


async def test_without_accounts_only_open_routes_answer(tmp_path: Path) -> None:
    from castcore_core.api.gate import OPEN, ClosedGate

    async with application(tmp_path, features=FOUNDATION, gate=ClosedGate()) as app:
        client = app.test_client()
        for rule in app.url_map.iter_rules():
            if rule.websocket or "GET" not in (rule.methods or ()):
                continue
            path = re.sub(r"<uuid:[^>]*>", str(UUID(int=1)), re.sub(r"<[^>]*lang>", "en", rule.rule))
            response = await client.get(re.sub(r"<[^>]*>", "1", path))
            if rule.rule in OPEN:
                assert response.status_code in (200, 404), rule
            else:
                assert response.status_code == 401, rule
                assert response.headers["WWW-Authenticate"] == "Bearer"
