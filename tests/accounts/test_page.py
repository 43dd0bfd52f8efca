"""Pages sign in by cookie, and other sites' pages cannot use it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from castcore_core.accounts.models import Session
from castcore_core.accounts.role import Role
from castcore_core.db import utc_now
from servers.staff import staffed

OWN = "http://localhost"


async def _login(staff, **headers: str):
    body = {**staff.credentials(Role.ADMIN), "cookie": True}
    return await staff.anonymous()("POST", "/auth/login", body, **headers)


async def test_the_cookie_is_for_this_site_and_no_script(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        reply = await _login(staff, Origin=OWN)
        assert (reply.body["access_token"], reply.body["refresh_token"]) == (None, None)
        cookie = reply.headers["Set-Cookie"]
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        assert "Secure" not in cookie


async def test_over_https_the_cookie_is_bound_to_host_and_https(tmp_path: Path) -> None:
    async with staffed(tmp_path, CASTCORE_TRUSTED_PROXIES="192.0.2.0/24") as staff:
        reply = await _login(staff, Origin="https://localhost", X_Forwarded_Proto="https")
        assert reply.headers["Set-Cookie"].startswith("__Host-castcore_session=")
        assert "Secure" in reply.headers["Set-Cookie"].split("; ")


async def test_a_page_reads_and_writes(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        page = await staff.page(Role.ADMIN)
        assert (await page("GET", "/auth/me")).body["username"] == "admin 1"
        assert (await page("PATCH", "/settings", {"server_name": "Studio"})).status == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "",
        "http://localhost.evil.example",
        "http://localhost:8080",
        "https://evil.example",
        "file://",
        "http://LOCALHOST",
        "http://user@localhost",
    ],
)
async def test_other_origins_change_nothing(tmp_path: Path, origin: str) -> None:
    async with staffed(tmp_path) as staff:
        page = await staff.page(Role.ADMIN)
        reply = await page("PATCH", "/settings", {"server_name": "Evil"}, Origin=origin)
        assert (reply.status, reply.code) == (403, "auth.origin_refused")
        assert (await page("GET", "/settings")).body["server_name"] == "CastCore"


async def test_a_cookie_without_any_origin_changes_nothing(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        page = await staff.page(Role.ADMIN)
        page.headers.clear()
        assert (await page("PATCH", "/settings", {"server_name": "Evil"})).code == "auth.origin_refused"
        told = await page("PATCH", "/settings", {"server_name": "Good"}, Sec_Fetch_Site="same-origin")
        assert told.status == 200
        cross = await page("PATCH", "/settings", {"server_name": "Evil"}, Sec_Fetch_Site="cross-site")
        assert cross.code == "auth.origin_refused"


async def test_another_site_cannot_sign_a_browser_in(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        assert (await _login(staff, Origin="http://evil.example")).code == "auth.origin_refused"
        assert (await _login(staff, Sec_Fetch_Site="cross-site")).code == "auth.origin_refused"
        assert (await _login(staff)).status == 200


async def test_the_configured_public_address_is_ours(tmp_path: Path) -> None:
    async with staffed(tmp_path, CASTCORE_PUBLIC_URL="https://cast.example.org") as staff:
        assert (await _login(staff, Origin="https://cast.example.org", Host="cast.example.org")).status == 200
        assert (await _login(staff, Origin="http://cast.example.org:81", Host="cast.example.org")).status == 403


async def test_programs_need_no_origin(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        admin = await staff.signed_in(Role.ADMIN)
        assert (await admin("PATCH", "/settings", {"server_name": "Studio"})).status == 200


async def test_signing_out_ends_the_session_and_takes_the_cookie(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        page = await staff.page(Role.ADMIN)
        cookie = next(iter(page.client.cookie_jar)).value
        reply = await page("POST", "/auth/logout")
        assert reply.status == 204
        assert "Max-Age=0" in reply.headers["Set-Cookie"]
        old = await staff.anonymous()("GET", "/auth/me", Cookie=f"castcore_session={cookie}")
        assert (old.status, old.code) == (401, "auth.session_ended")


async def test_a_page_in_use_stays_signed_in(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        page = await staff.page(Role.ADMIN)
        then = utc_now() - timedelta(days=13)
        await Session.all().update(last_seen_at=then, expires_at=then + timedelta(days=14))
        assert (await page("GET", "/auth/me")).status == 200
        [session] = await Session.all()
        assert session.expires_at > utc_now() + timedelta(days=13)


async def test_a_made_up_cookie_is_nobody(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        for value in ("x", "A" * 43, "%00", "💥".encode().hex()):
            reply = await staff.anonymous()("GET", "/auth/me", Cookie=f"castcore_session={value}")
            assert reply.status == 401
            health = await staff.anonymous()("GET", "/system/health", Cookie=f"castcore_session={value}")
            assert (health.status, health.body["checks"]) == (200, None)
