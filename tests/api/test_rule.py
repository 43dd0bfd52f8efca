"""What every request meets before its view, and every answer after it."""

from __future__ import annotations

from pathlib import Path

import httpx2 as httpx
import pytest

from castcore_core.secrets import scrubber
from servers.castcore import application, server
from servers.stage import FOUNDATION

NOTES = "/api/v1/stage/notes"
JSON = {"Content-Type": "application/json"}


async def _error(response) -> tuple[int, str]:
    return response.status_code, (await response.get_json())["error"]["code"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"title": "x" ', 400, "request.malformed"),
        (b'{"title": NaN}', 400, "request.malformed"),
        (b'{"title": "a\\u0000b"}', 400, "request.malformed"),
        (b'{"title": "\\ud800"}', 400, "request.malformed"),
        (b'{"a\\u0000": 1}', 400, "request.malformed"),
        (b'{"title": "\xff"}', 400, "request.malformed"),
        (b'{"title": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "request.malformed"),
        (b'{"title": ' + b"[" * 65 + b"]" * 65 + b"}", 400, "request.malformed"),
        (b'{"title": ' + b"9" * 5000 + b"}", 400, "request.malformed"),
        (b'{"title": 1, "title": 2}', 422, "validation.failed"),
        (b"[]", 422, "validation.failed"),
        (b"null", 422, "validation.failed"),
        (b"", 400, "request.malformed"),
        (b'{"title": "x", "more": 1}', 422, "validation.failed"),
        (b'{"title": "' + b"x" * 1_048_576 + b'"}', 413, "request.too_large"),
        (b"x" * 10_000_000, 413, "request.too_large"),
    ],
    ids=lambda value: str(value)[:20] if isinstance(value, bytes) else None,
)
async def test_hostile_bodies(tmp_path: Path, body: bytes, status: int, code: str) -> None:
    async with application(tmp_path, features=FOUNDATION) as app:
        assert await _error(await app.test_client().post(NOTES, data=body, headers=JSON)) == (status, code)


@pytest.mark.parametrize("text", ["\\\\u0000", "😀", "\\ud83d\\ude00", "\\u2028 'x' ; --"])
async def test_harmless_text_passes(tmp_path: Path, text: str) -> None:
    async with application(tmp_path, features=FOUNDATION) as app:
        response = await app.test_client().post(NOTES, data=f'{{"title": "{text}"}}'.encode(), headers=JSON)
        assert response.status_code == 201, await response.get_json()


async def test_the_media_type_must_be_one_that_is_read(tmp_path: Path) -> None:
    async with application(tmp_path, features=FOUNDATION) as app:
        client = app.test_client()
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json-patch", ""):
            headers = {"Content-Type": kind, "Content-Length": "13"}
            response = await client.post(NOTES, data=b'{"title":"x"}', headers=headers)
            assert await _error(response) == (415, "request.media_type")
            assert (await client.get(NOTES, headers={"Content-Type": kind})).status_code == 200
        answer = await client.put(
            "/api/v1/stage/file", data=b"x" * 2_000_000, headers={"Content-Type": "application/octet-stream"}
        )
        assert await answer.get_json() == {"bytes": 2_000_000}


async def test_a_refused_value_is_named_but_never_shown(tmp_path: Path) -> None:
    async with application(tmp_path, features=FOUNDATION) as app:
        response = await app.test_client().post(NOTES, json={"title": 1, "password": ["canary"]})
        assert (await response.get_json())["error"]["params"] == {
            "fields": [{"path": ["title"], "type": "string_type"}, {"path": ["password"], "type": "string_type"}]
        }
        refusal = await (await app.test_client().get("/api/v1/stage/refusal")).get_json()
        assert refusal["error"]["params"] == {"fields": [{"path": ["outputs", 0, "url"], "type": "url_scheme"}]}


async def test_a_fault_shows_a_request_id_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scrubber.add("canary-in-a-fault")
    async with application(tmp_path, features=FOUNDATION) as app:
        response = await app.test_client().get("/api/v1/stage/fault", headers={"X-Request-ID": "my-request-1"})
        assert await response.get_json() == {
            "error": {"code": "server.internal", "params": {"request_id": "my-request-1"}, "level": "error"}
        }
        assert response.headers["X-Request-ID"] == "my-request-1"
        other = await app.test_client().get("/api/v1/stage/fault", headers={"X-Request-ID": "no good\x7f"})
        assert len(other.headers["X-Request-ID"]) == 36


async def test_security_headers_stand_on_every_answer(tmp_path: Path) -> None:
    async with application(tmp_path, features=FOUNDATION) as app:
        for path in ("/api/v1/system/health", "/nothing", "/api/v1/docs"):
            headers = (await app.test_client().get(path)).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert "unsafe" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1:8080", True),
        ("[::1]:8080", True),
        ("192.168.1.5", True),
        ("localhost", True),
        ("castcore", True),
        ("studio.local:80", True),
        ("tv.example.org", True),
        ("Stream.Example.net", True),
        ("evil.example.com", False),
        ("tv.example.org.evil.com", False),
        ("127.0.0.1.evil.com", False),
        ("", False),
    ],
)
async def test_only_names_of_this_server_are_answered(tmp_path: Path, host: str, known: bool) -> None:
    names = {"CASTCORE_PUBLIC_URL": "https://tv.example.org", "CASTCORE_ALLOWED_HOSTS": "stream.example.NET, other"}
    async with application(tmp_path, features=FOUNDATION, **names) as app:
        response = await app.test_client().get("/api/v1/system/health", headers={"Host": host})
    assert response.status_code == (200 if known else 421)


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.7", "1.2.3.4"),
        ("10.0.0.1", "garbage, 10.0.0.7", "10.0.0.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "2001:db8::5", "2001:db8::5"),
    ],
)
async def test_a_forged_address_is_not_believed(tmp_path: Path, peer: str, forwarded: str, seen: str) -> None:
    async with application(tmp_path, features=FOUNDATION, CASTCORE_TRUSTED_PROXIES="10.0.0.0/8") as app:
        headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https", "Remote-Addr": "7.7.7.7"}
        response = await app.test_client().get(
            "/api/v1/stage/whoami", headers=headers, scope_base={"client": (peer, 4000)}
        )
        assert await response.get_json() == {"address": seen, "secure": peer != "203.0.113.9"}


async def test_a_body_without_a_length_is_cut_off(tmp_path: Path) -> None:
    async def endless():
        for _ in range(200):
            yield b"x" * 65_536

    with server(tmp_path / "data", module="servers.stage") as running:
        async with httpx.AsyncClient(base_url=running.address) as client:
            headers = {"Content-Type": "application/json"}
            response = await client.post(NOTES, content=endless(), headers=headers)
            assert (response.status_code, response.json()["error"]["code"]) == (413, "request.too_large")
            response = await client.post(NOTES, content=b"x" * 10_000_000, headers=headers)
            assert response.status_code == 413
            headers = {"Content-Type": "application/octet-stream"}
            response = await client.put("/api/v1/stage/file", content=b"x" * 2_999_999, headers=headers)
            assert response.json() == {"bytes": 2_999_999}
            assert (await client.get("/api/v1/system/health")).status_code == 200
