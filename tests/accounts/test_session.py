"""Sessions: rotating refresh tokens, reuse, and that they end at once."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from castcore_core.accounts.models import RefreshToken, Session
from castcore_core.accounts.role import Role
from castcore_core.accounts.service import clean
from castcore_core.audit import Audit
from castcore_core.db import utc_now
from castcore_core.settings import Settings
from servers.staff import Staff, staffed


async def _refresh(staff: Staff, token: str, address: str = "192.0.2.7"):
    return await staff.anonymous(address)("POST", "/auth/refresh", {"refresh_token": token})


async def _me(staff: Staff, token: str):
    return await staff.anonymous()("GET", "/auth/me", Authorization=f"Bearer {token}")


async def test_a_refresh_token_brings_new_tokens_of_the_same_session(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        granted = await staff.session(staff.users[Role.VIEWER])
        reply = await _refresh(staff, granted.refresh_token)
        assert reply.status == 200
        assert reply.body["refresh_token"] != granted.refresh_token
        me = await _me(staff, reply.body["access_token"])
        assert me.body["session_id"] == str(granted.session_id)


async def test_a_used_refresh_token_ends_the_whole_session(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        granted = await staff.session(staff.users[Role.VIEWER])
        other = await staff.session(staff.users[Role.VIEWER])
        second = (await _refresh(staff, granted.refresh_token)).body
        third = (await _refresh(staff, second["refresh_token"])).body
        stolen = await _refresh(staff, granted.refresh_token, "198.51.100.1")
        assert (stolen.status, stolen.code) == (401, "auth.refresh_reused")
        assert (await _refresh(staff, third["refresh_token"])).code == "auth.refresh_invalid"
        assert (await _me(staff, third["access_token"])).code == "auth.session_ended"
        assert (await _me(staff, other.access_token)).status == 200
        admin = await staff.signed_in(Role.ADMIN)
        [entry] = (await admin("GET", "/audit?action=auth.refresh_reused")).body["items"]
        assert (entry["outcome"], entry["actor_name"], entry["address"]) == ("denied", "viewer 1", "198.51.100.1")


async def test_of_two_who_come_with_the_same_token_at_once_one_wins_and_the_session_ends(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        granted = await staff.session(staff.users[Role.VIEWER])
        replies = await asyncio.gather(*(_refresh(staff, granted.refresh_token) for _ in range(5)))
        assert sorted(reply.status for reply in replies) == [200, 401, 401, 401, 401]
        winner = next(reply for reply in replies if reply.status == 200)
        assert (await _me(staff, winner.body["access_token"])).code == "auth.session_ended"


@pytest.mark.parametrize("token", ["", "x", "ccr_" + "A" * 43, "cc_" + "A" * 43, "💥" * 50, "a.b.c", "x" * 257])
async def test_made_up_refresh_tokens_are_refused(tmp_path: Path, token: str) -> None:
    async with staffed(tmp_path) as staff:
        assert (await _refresh(staff, token)).status in (401, 422)


async def test_refreshing_is_limited_per_address(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        statuses = [(await _refresh(staff, f"ccr_{n}")).status for n in range(121)]
        assert statuses == [401] * 120 + [429]


async def test_refreshing_is_limited_per_session(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        token = (await staff.session(staff.users[Role.VIEWER])).refresh_token
        for n in range(20):
            token = (await _refresh(staff, token, f"192.0.2.{n}")).body["refresh_token"]
        limited = await _refresh(staff, token, "192.0.2.99")
        assert limited.status == 429
        assert int(limited.headers["Retry-After"]) >= 1


def _forged(header: dict[str, str], claims: dict[str, object], signature: str = "") -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)]
    return ".".join([*parts, signature])


async def test_forged_and_foreign_access_tokens_are_refused(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        granted = await staff.session(staff.users[Role.ADMIN])
        head, body, signature = granted.access_token.split(".")
        claims = {"sid": str(granted.session_id), "sub": str(staff.users[Role.ADMIN].id), "exp": time.time() + 900}
        key = OctKey.import_key(staff.core.ring.derive("access tokens"))
        other = OctKey.import_key(staff.core.ring.derive("something else"))
        tokens = [
            _forged({"alg": "none", "typ": "at+jwt"}, claims),
            _forged({"alg": "HS256", "typ": "at+jwt"}, claims, signature),
            f"{head}.{body}.{signature[:-2]}AA",
            f"{head}.{body}.",
            jwt.encode({"alg": "HS256", "typ": "at+jwt"}, claims, other),
            jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, key),
            jwt.encode({"alg": "HS256", "typ": "at+jwt"}, {**claims, "sid": "x"}, key),
            jwt.encode({"alg": "HS256", "typ": "at+jwt"}, {"sub": "x"}, key),
            "a.b",
            "x" * 8000,
            granted.refresh_token,
        ]
        for token in tokens:
            assert (await _me(staff, token)).code == "auth.token_invalid", token


async def test_an_expired_access_token_says_so(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        granted = await staff.session(staff.users[Role.ADMIN])
        key = OctKey.import_key(staff.core.ring.derive("access tokens"))
        claims = {"sid": str(granted.session_id), "exp": int(time.time()) - 1}
        expired = jwt.encode({"alg": "HS256", "typ": "at+jwt"}, claims, key)
        reply = await _me(staff, expired)
        assert (reply.status, reply.code) == (401, "auth.token_expired")
        assert reply.headers["WWW-Authenticate"] == "Bearer"


async def test_logout_ends_the_session_at_once(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        granted = await staff.session(staff.users[Role.VIEWER])
        bearer = f"Bearer {granted.access_token}"
        assert (await staff.anonymous()("POST", "/auth/logout", Authorization=bearer)).status == 204
        assert (await _me(staff, granted.access_token)).code == "auth.session_ended"
        assert (await _refresh(staff, granted.refresh_token)).code == "auth.refresh_invalid"


async def test_users_see_and_end_their_own_sessions_only(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        viewer = await staff.signed_in(Role.VIEWER, "192.0.2.1")
        second = await staff.session(staff.users[Role.VIEWER], "192.0.2.2")
        foreign = await staff.session(staff.users[Role.ADMIN])
        listed = (await viewer("GET", "/auth/sessions")).body
        assert listed["total"] == 2
        assert {(item["address"], item["current"]) for item in listed["items"]} == {
            ("192.0.2.1", True),
            ("192.0.2.2", False),
        }
        assert (await viewer("DELETE", f"/auth/sessions/{foreign.session_id}")).code == "auth.session_not_found"
        assert (await viewer("DELETE", f"/auth/sessions/{second.session_id}")).status == 204
        assert (await _me(staff, second.access_token)).code == "auth.session_ended"
        assert (await _me(staff, foreign.access_token)).status == 200


async def test_all_other_sessions_end_together(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        viewer = await staff.signed_in(Role.VIEWER)
        others = [await staff.session(staff.users[Role.VIEWER]) for _ in range(3)]
        assert (await viewer("DELETE", "/auth/sessions")).status == 204
        assert [(await _me(staff, other.access_token)).status for other in others] == [401] * 3
        assert (await viewer("GET", "/auth/me")).status == 200


async def test_sessions_end_when_they_are_over_and_are_cleaned_up(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        granted = await staff.session(staff.users[Role.VIEWER])
        await Session.filter(id=granted.session_id).update(expires_at=utc_now() - timedelta(seconds=1))
        assert (await _me(staff, granted.access_token)).code == "auth.session_ended"
        assert (await _refresh(staff, granted.refresh_token)).code == "auth.refresh_invalid"
        await clean(staff.core.get(Audit), staff.core.get(Settings))
        assert await Session.filter(id=granted.session_id).count() == 0
        assert await RefreshToken.all().count() == 0


async def test_only_digests_are_stored(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        granted = await staff.session(staff.users[Role.VIEWER])
        browser = await staff.page(Role.VIEWER)
        cookie = next(iter(browser.client.cookie_jar)).value
        await _refresh(staff, granted.refresh_token)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("castcore.db*"))
    for secret in (granted.refresh_token, granted.access_token, cookie):
        assert secret is not None
        assert secret.encode() not in stored
