"""Single sign-on against a real OpenID provider."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from castcore_core.accounts.models import Identity, ProviderVisit, Session, User
from castcore_core.accounts.role import Role
from castcore_core.db import utc_now
from servers.oidc import SECRET, OpenIDProvider, openid_provider, sign_in_there
from servers.staff import Reply, Staff, Visitor, staffed

CALLBACK = "/api/v1/auth/oidc/callback"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIDProvider]:
    with openid_provider(tmp_path_factory.mktemp("oidc"), f"http://localhost{CALLBACK}") as running:
        yield running


@asynccontextmanager
async def _server(folder: Path, provider: OpenIDProvider, **settings: object) -> AsyncIterator[Staff]:
    async with staffed(folder) as staff:
        admin = await staff.signed_in(Role.ADMIN)
        wanted = {
            "oidc_enabled": True,
            "oidc_label": "House",
            "oidc_issuer": provider.issuer,
            "oidc_client_id": "castcore",
            "oidc_client_secret": SECRET,
            "oidc_create_users": True,
            **settings,
        }
        reply = await admin("PATCH", "/settings", wanted)
        assert reply.status == 200, reply.body
        yield staff


async def _departed(browser: Visitor, link: bool = False) -> str:
    reply = await browser("GET", "/auth/oidc/start" + ("?link=true" if link else ""))
    assert reply.status == 303, reply.body
    return str(reply.headers["Location"])


def _back(address: str) -> str:
    parts = urlsplit(address)
    assert parts.path == CALLBACK
    return f"{parts.path}?{parts.query}"


async def _round_trip(staff: Staff, name: str, browser: Visitor | None = None, *, link: bool = False) -> Reply:
    browser = browser or staff.anonymous()
    return await browser("GET", _back(await sign_in_there(await _departed(browser, link), name)))


async def test_somebody_new_gets_an_account_and_a_page_session(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with _server(tmp_path, provider) as staff:
        assert (await staff.anonymous()("GET", "/auth/oidc")).body == {"enabled": True, "label": "House"}
        browser = staff.anonymous()
        reply = await _round_trip(staff, "Jörg", browser)
        assert reply.status == 200, reply.body
        # The next page must be asked for by this one: a Strict cookie would not go with a redirect from elsewhere.
        assert 'http-equiv="refresh" content="0;url=/"' in reply.body
        me = await browser("GET", "/auth/me")
        assert (me.body["username"], me.body["role"]) == ("Jörg", "viewer")
        again = staff.anonymous()
        await _round_trip(staff, "Jörg", again)
        assert (await again("GET", "/auth/me")).body["id"] == me.body["id"]
        assert await Identity.all().count() == 1


async def test_the_cookies_of_the_way(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with _server(tmp_path, provider) as staff:
        browser = staff.anonymous()
        start = await browser("GET", "/auth/oidc/start")
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(start.headers["Set-Cookie"].split("; "))
        asked = parse_qs(urlsplit(start.headers["Location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert {"state", "nonce", "code_challenge"} <= asked.keys()
        assert SECRET not in start.headers["Location"]
        reply = await browser("GET", _back(await sign_in_there(start.headers["Location"], "anna")))
        set_cookies = reply.headers.getlist("Set-Cookie")
        assert any(each.startswith("castcore_session=") and "SameSite=Strict" in each for each in set_cookies)
        assert any(each.startswith("castcore_visit=;") for each in set_cookies)


async def test_a_name_that_is_taken_here_is_not_taken_over(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with _server(tmp_path, provider) as staff:
        browser = staff.anonymous()
        await _round_trip(staff, "ADMIN 1", browser)
        me = (await browser("GET", "/auth/me")).body
        assert (me["username"], me["role"]) == ("ADMIN 1-2", "viewer")


async def test_strange_names_become_harmless_ones(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with _server(tmp_path, provider) as staff:
        for name in ("<script>", "x" * 200):
            browser = staff.anonymous()
            await _round_trip(staff, name, browser)
            assert (await browser("GET", "/auth/me")).body["username"] in ("user", "x" * 61)


async def test_strangers_stay_out_unless_accounts_are_made(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with _server(tmp_path, provider, oidc_create_users=False) as staff:
        before = await User.all().count()
        reply = await _round_trip(staff, "eve")
        assert (reply.status, reply.code) == (403, "auth.oidc_unknown_user")
        assert await User.all().count() == before


async def test_a_user_links_their_account_and_signs_in_with_it(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with _server(tmp_path, provider, oidc_create_users=False) as staff:
        page = await staff.page(Role.OPERATOR)
        assert (await _round_trip(staff, "olga", page, link=True)).status == 200
        browser = staff.anonymous()
        await _round_trip(staff, "olga", browser)
        assert (await browser("GET", "/auth/me")).body["username"] == "operator 1"
        other = await staff.page(Role.VIEWER)
        assert (await _round_trip(staff, "olga", other, link=True)).code == "auth.oidc_taken"


async def test_who_has_no_password_proves_it_by_a_recent_sign_in(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with _server(tmp_path, provider) as staff:
        browser = Visitor(staff.app, {"Origin": "http://localhost"})
        await _round_trip(staff, "anna", browser)
        token = {"name": "robot", "scopes": ["*:read"]}
        assert (await browser("POST", "/auth/tokens", token)).status == 201
        await Session.all().update(created_at=utc_now() - timedelta(minutes=11))
        late = await browser("POST", "/auth/tokens", {**token, "name": "late"})
        assert (late.status, late.code) == (403, "auth.sign_in_again")
        guessed = await browser("POST", "/auth/password", {"current": "x", "new": "a brand new password"})
        assert guessed.code == "auth.sign_in_again"
        await _round_trip(staff, "anna", browser)
        assert (await browser("POST", "/auth/password", {"new": "a brand new password"})).status == 204
        login = {"username": "anna", "password": "a brand new password"}
        assert (await staff.anonymous()("POST", "/auth/login", login)).status == 200


async def test_linking_needs_a_login(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with _server(tmp_path, provider) as staff:
        assert (await staff.anonymous()("GET", "/auth/oidc/start?link=true")).code == "auth.required"


async def test_an_answer_is_good_once_and_in_its_browser_only(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with _server(tmp_path, provider) as staff:
        browser, thief = staff.anonymous(), staff.anonymous()
        back = _back(await sign_in_there(await _departed(browser), "anna"))
        stolen = await thief("GET", back)
        assert (stolen.code, stolen.body["error"]["params"]) == ("auth.oidc_failed", {"reason": "browser"})
        assert (await browser("GET", back)).body["error"]["params"] == {"reason": "state"}
        back = _back(await sign_in_there(await _departed(browser), "anna"))
        assert (await browser("GET", back)).status == 200
        assert (await browser("GET", back)).body["error"]["params"] == {"reason": "state"}


async def test_one_cannot_be_signed_in_as_somebody_else(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with _server(tmp_path, provider) as staff:
        victim, attacker = staff.anonymous(), staff.anonymous()
        await _departed(victim)
        planted = _back(await sign_in_there(await _departed(attacker), "mallory"))
        assert (await victim("GET", planted)).body["error"]["params"] == {"reason": "browser"}
        assert (await victim("GET", "/auth/me")).status == 401


async def test_what_took_too_long_or_was_meant_for_another_provider_fails(
    tmp_path: Path, provider: OpenIDProvider
) -> None:
    async with _server(tmp_path, provider) as staff:
        browser = staff.anonymous()
        back = _back(await sign_in_there(await _departed(browser), "anna"))
        await ProviderVisit.all().update(expires_at=utc_now() - timedelta(seconds=1))
        assert (await browser("GET", back)).body["error"]["params"] == {"reason": "state"}
        back = _back(await sign_in_there(await _departed(browser), "anna"))
        mixed = back.replace(
            f"iss=http%3A%2F%2F{urlsplit(provider.issuer).netloc.replace(':', '%3A')}", "iss=https://x"
        )
        assert mixed != back
        assert (await browser("GET", mixed)).body["error"]["params"] == {"reason": "issuer"}


async def test_a_wrong_code_and_a_swapped_verifier_fail(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with _server(tmp_path, provider) as staff:
        browser = staff.anonymous()
        state = parse_qs(urlsplit(await _departed(browser)).query)["state"][0]
        wrong = await browser("GET", f"{CALLBACK}?state={state}&code=made-up")
        assert wrong.body["error"]["params"] == {"reason": "code"}
        back = _back(await sign_in_there(await _departed(browser), "anna"))
        [visit] = await ProviderVisit.all()
        visit.verifier = staff.core.ring.lock("x" * 64, f"provider_visit/{visit.id}")
        await visit.save()
        assert (await browser("GET", back)).body["error"]["params"] == {"reason": "code"}


async def test_the_nonce_binds_the_token_to_the_visit(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with _server(tmp_path, provider) as staff:
        browser = staff.anonymous()
        back = _back(await sign_in_there(await _departed(browser), "anna"))
        await ProviderVisit.all().update(nonce="another")
        assert (await browser("GET", back)).body["error"]["params"] == {"reason": "id_token"}


async def test_a_refusal_at_the_provider_leads_back(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with _server(tmp_path, provider) as staff:
        browser = staff.anonymous()
        back = _back(await sign_in_there(await _departed(browser), "anna", agree=False))
        assert "error=access_denied" in back
        reply = await browser("GET", back, Accept="text/html")
        assert (reply.status, reply.headers["Location"]) == (303, "/?error=auth.oidc_failed")


async def test_a_disabled_user_stays_out(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with _server(tmp_path, provider) as staff:
        await _round_trip(staff, "anna")
        await User.filter(name="anna").update(enabled=False)
        assert (await _round_trip(staff, "anna")).body["error"]["params"] == {"reason": "disabled"}


async def test_a_provider_that_is_away_or_strange_is_a_temporary_error(tmp_path: Path) -> None:
    gone = OpenIDProvider("http://127.0.0.1:9")
    async with _server(tmp_path, gone) as staff:
        reply = await staff.anonymous()("GET", "/auth/oidc/start")
        assert (reply.status, reply.code) == (503, "auth.oidc_unreachable")


async def test_switched_off_it_is_not_there(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        assert (await staff.anonymous()("GET", "/auth/oidc")).body == {"enabled": False, "label": None}
        for path in ("/auth/oidc/start", "/auth/oidc/callback?state=x&code=y", "/auth/oidc/callback?state=x&error=y"):
            reply = await staff.anonymous()("GET", path)
            assert (reply.status, reply.code) == (404, "auth.oidc_disabled")
        assert (await staff.anonymous()("GET", "/auth/oidc/callback")).status == 422


async def test_beginning_is_limited_and_nothing_secret_is_told(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with _server(tmp_path, provider) as staff:
        browser = staff.anonymous()
        statuses = [(await browser("GET", "/auth/oidc/start")).status for _ in range(31)]
        assert statuses == [303] * 30 + [429]
        admin = await staff.signed_in(Role.ADMIN)
        assert SECRET not in json.dumps([(await admin("GET", path)).body for path in ("/settings", "/audit?limit=500")])
