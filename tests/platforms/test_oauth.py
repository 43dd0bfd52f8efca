"""The way to the platform and back: single use, bound to the session, and home again with a Strict cookie."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from castcore_core.accounts.role import Role
from castcore_core.audit.models import AuditEntry
from castcore_core.db import utc_now
from castcore_core.platforms.models import OAuthVisit
from platforms.scene import CALLBACK, HTML, SECRET, Stage, back, depart, kept, row_of, with_provider
from servers.oidc import OpenIDProvider, sign_in_there
from servers.platform import TYPE, register
from servers.staff import PASSWORD, Staff, Visitor, staffed


async def test_a_browser_is_sent_and_comes_home(page: Visitor) -> None:
    account = await kept(page)
    left = await depart(page, account["id"], "&return=/platforms?tab=accounts", **HTML)
    assert left.status == 303, left.body
    asked = parse_qs(urlsplit(left.headers["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"http://localhost{CALLBACK}"]
    assert SECRET not in left.headers["Location"]
    shown = await page("GET", f"/platform-accounts/{account['id']}")
    assert shown.body["state"] == "connecting"
    home = back(await sign_in_there(left.headers["Location"], "anna"))
    arrived = await page("GET", home, **HTML)
    assert arrived.status == 303, arrived.body
    assert arrived.headers["Location"] == f"/platforms?tab=accounts&connected={account['id']}"
    shown = await page("GET", f"/platform-accounts/{account['id']}")
    assert (shown.body["state"], shown.body["label"]) == ("connected", "Name anna")
    assert shown.body["scopes"] == ["openid", "profile"]
    assert shown.body["expires_at"] is not None


async def test_without_the_strict_cookie_our_own_page_asks_again(house: Staff, page: Visitor) -> None:
    account = await kept(page)
    home = back(await sign_in_there((await depart(page, account["id"])).body["url"], "anna"))
    stranger = house.anonymous()
    first = await stranger("GET", home, **HTML)
    assert first.status == 200
    again = unescape(first.body.partition("url=")[2].partition('"')[0])
    assert again.startswith(f"{CALLBACK}?")
    assert parse_qs(urlsplit(again).query)["state"] == parse_qs(urlsplit(home).query)["state"]
    # Nobody is signed in there either: no second page of that kind, and the visit is still good for its owner.
    assert (await stranger("GET", again, **HTML)).headers["Location"] == "/?error=auth.required"
    assert (await page("GET", again, **HTML)).headers["Location"] == f"/?connected={account['id']}"


async def test_what_comes_back_is_never_written_into_the_page(house: Staff) -> None:
    query = '?state=x&code="><script>alert(1)</script>&x=%0d%0aSet-Cookie:a=b'
    reply = await house.anonymous()("GET", CALLBACK + query, **HTML)
    assert reply.status == 200
    assert "<script>" not in reply.body
    assert reply.body.count('"') == reply.body.replace("&#34;", "").replace("&quot;", "").count('"')
    assert "Set-Cookie" not in reply.headers


async def test_an_answer_is_good_once(page: Visitor) -> None:
    account = await kept(page)
    home = back(await sign_in_there((await depart(page, account["id"])).body["url"], "anna"))
    assert (await page("GET", home)).status == 204
    replayed = await page("GET", home)
    assert (replayed.status, replayed.code) == (400, "oauth.state_invalid")
    assert (await row_of(account)).state == "connected"


@pytest.mark.parametrize("how", ["made up", "late", "other platform"])
async def test_a_state_that_does_not_fit_is_refused(page: Visitor, how: str) -> None:
    account = await kept(page)
    home = back(await sign_in_there((await depart(page, account["id"])).body["url"], "anna"))
    if how == "late":
        await OAuthVisit.all().update(expires_at=utc_now() - timedelta(seconds=1))
    elif how == "made up":
        home = f"{CALLBACK}?state={'x' * 43}&code=y"
    else:
        home = home.replace(TYPE, "rtmp")
    assert (await page("GET", home)).code == "oauth.state_invalid"
    assert (await row_of(account)).state == "disconnected"


async def test_only_the_session_that_left_may_come_back(house: Staff, page: Visitor) -> None:
    account = await kept(page)
    home = back(await sign_in_there((await depart(page, account["id"])).body["url"], "mallory"))
    other = await house.page(Role.ADMIN)
    foreign = await other("GET", home)
    assert (foreign.status, foreign.code) == (403, "oauth.state_foreign")
    assert (await row_of(account)).state == "disconnected"
    assert (await page("GET", home)).code == "oauth.state_invalid", "burnt: somebody has seen it"
    [entry] = await AuditEntry.filter(action="platforms.connect")
    assert (entry.outcome, entry.params) == ("denied", {"reason": "session"})


async def test_who_is_no_admin_any_more_connects_nothing(house: Staff, page: Visitor) -> None:
    account = await kept(page)
    home = back(await sign_in_there((await depart(page, account["id"])).body["url"], "anna"))
    user = house.users[Role.ADMIN]
    user.role = Role.VIEWER.title
    await user.save()
    assert (await page("GET", home)).code == "auth.forbidden"


async def test_programs_with_a_login_get_the_address_and_tokens_of_programs_nothing(
    house: Staff, admin: Visitor
) -> None:
    account = await kept(admin)
    left = await depart(admin, account["id"])
    assert left.status == 200
    assert left.body.keys() == {"url", "expires_at"}
    assert (await admin("GET", back(await sign_in_there(left.body["url"], "anna")))).status == 204
    page = await house.page(Role.ADMIN)
    made = await page("POST", "/auth/tokens", {"name": "robot", "scopes": ["*:write"], "password": PASSWORD})
    robot = Visitor(house.app, {"Authorization": f"Bearer {made.body['token']}"})
    assert (await depart(robot, account["id"])).code == "auth.forbidden"


async def test_a_refusal_at_the_platform_has_its_code(page: Visitor) -> None:
    account = await kept(page)
    url = (await depart(page, account["id"])).body["url"]
    home = back(await sign_in_there(url, "anna", agree=False))
    reply = await page("GET", home)
    assert reply.code == "oauth.access_denied"
    assert (await page("GET", home)).code == "oauth.state_invalid"
    url = (await depart(page, account["id"], "&return=/platforms")).body["url"]
    state = parse_qs(urlsplit(url).query)["state"][0]
    odd = await page("GET", f"{CALLBACK}?state={state}&error=server_error%0a<b>", **HTML)
    assert odd.headers["Location"] == "/platforms?error=oauth.refused"


async def test_a_code_that_does_not_fit_is_refused(page: Visitor, house: Staff) -> None:
    account = await kept(page)
    url = (await depart(page, account["id"])).body["url"]
    state = parse_qs(urlsplit(url).query)["state"][0]
    reply = await page("GET", f"{CALLBACK}?state={state}&code=made-up")
    assert (reply.code, reply.body["error"]["params"]) == ("oauth.refused", {"reason": "invalid_grant"})
    url = (await depart(page, account["id"])).body["url"]
    [visit] = await OAuthVisit.all()
    home = back(await sign_in_there(url, "anna"))
    visit.verifier = house.core.ring.lock("x" * 64, f"oauth_visit/{visit.id}")
    await visit.save()
    assert (await page("GET", home)).body["error"]["params"] == {"reason": "invalid_grant"}, "PKCE"


async def test_a_wrong_client_secret_is_told(page: Visitor) -> None:
    account = await kept(page, client_secret="not-the-secret")
    home = back(await sign_in_there((await depart(page, account["id"])).body["url"], "anna"))
    reply = await page("GET", home)
    assert reply.body["error"] == {"code": "oauth.refused", "params": {"reason": "invalid_client"}, "level": "error"}


@pytest.mark.parametrize("place", ["//evil.example", "https://evil.example", "/\\evil", "evil", "/a b", "/%0a\n"])
async def test_the_way_home_stays_at_home(page: Visitor, place: str) -> None:
    account = await kept(page)
    reply = await page("GET", f"/platforms/{TYPE}/oauth/start?account={account['id']}&return={place}")
    assert reply.code == "validation.failed", reply.body


async def test_what_cannot_be_connected(page: Visitor, operator: Visitor) -> None:
    account = await kept(page)
    assert (await depart(page, str(uuid4()))).code == "platforms.not_found"
    assert (await page("GET", f"/platforms/rtmp/oauth/start?account={account['id']}")).code == "platforms.account_type"
    assert (await depart(operator, account["id"])).code == "auth.forbidden"


async def test_the_public_address_is_where_the_platform_sends_back_to(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with staffed(tmp_path / "d", CASTCORE_ROLE="web", CASTCORE_PUBLIC_URL="https://cast.example") as staff:
        register(staff.core, with_provider(Stage, provider.issuer))
        admin = await staff.signed_in(Role.ADMIN)
        url = (await depart(admin, (await kept(admin))["id"])).body["url"]
        assert parse_qs(urlsplit(url).query)["redirect_uri"] == [f"https://cast.example{CALLBACK}"]


async def test_a_trusted_proxy_says_the_scheme(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with staffed(tmp_path / "d", CASTCORE_ROLE="web", CASTCORE_TRUSTED_PROXIES="192.0.2.0/24") as staff:
        register(staff.core, with_provider(Stage, provider.issuer))
        admin = await staff.signed_in(Role.ADMIN)
        account = await kept(admin)
        for headers, scheme in (({"X_Forwarded_Proto": "https"}, "https"), ({}, "http")):
            url = (await depart(admin, account["id"], **headers)).body["url"]
            assert parse_qs(urlsplit(url).query)["redirect_uri"] == [f"{scheme}://localhost{CALLBACK}"]
