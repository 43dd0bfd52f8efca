"""Sign-in by password: who gets in, who does not, and how often one may try."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from castcore_core.accounts.models import User
from castcore_core.accounts.role import Role
from castcore_core.accounts.user import Users
from servers.staff import PASSWORD, Staff, Visitor, add_user, bare, quick_hash, staffed


async def _guess_thirty_times(staff: Staff, visitor: Callable[[int], Visitor]) -> None:
    """Guess wrongly as often as an address may, ten times per account."""
    for n in range(30):
        body = {"username": staff.users[list(Role)[n // 10]].name, "password": "wrong password"}
        assert (await visitor(n)("POST", "/auth/login", body)).status == 401


async def test_tokens_and_the_user_come_back(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        reply = await staff.anonymous()("POST", "/auth/login", staff.credentials(Role.OPERATOR))
        assert reply.status == 200
        assert reply.body["expires_in"] == 900
        assert (reply.body["user"]["username"], reply.body["user"]["role"]) == ("operator 1", "operator")
        bearer = f"Bearer {reply.body['access_token']}"
        me = await staff.anonymous()("GET", "/auth/me", Authorization=bearer)
        assert (me.body["username"], me.body["kind"], me.body["scopes"]) == ("operator 1", "user", None)
        assert reply.headers["Cache-Control"] == "no-store"


async def test_names_are_compared_as_people_write_them(tmp_path: Path) -> None:
    async with bare(tmp_path) as staff:
        user = await add_user(staff.core, "Jörg Groß", Role.ADMIN)
        for name in ("jörg groß", "JÖRG GROSS", "Jo\u0308rg Groß", "  Jörg Groß ", "\uff2aörg Groß"):
            body = {"username": name, "password": PASSWORD}
            reply = await staff.anonymous()("POST", "/auth/login", body)
            assert (reply.status, reply.body["user"]["id"]) == (200, str(user.id)), name


async def test_composed_and_decomposed_passwords_are_the_same(tmp_path: Path) -> None:
    async with bare(tmp_path) as staff:
        await staff.core.get(Users).create("anna", "Füße-in-Zürich", Role.ADMIN)
        reply = await staff.anonymous()(
            "POST", "/auth/login", {"username": "anna", "password": "Fu\u0308ße-in-Zu\u0308rich"}
        )
        assert reply.status == 200


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("viewer 1", "wrong password here"),
        ("viewer 1", PASSWORD.upper()),
        ("viewer 1", PASSWORD + " "),
        ("nobody at all", PASSWORD),
        ("' OR 1=1 --", "' OR 1=1 --"),
        ("viewer 1%", PASSWORD),
        ("\u202eviewer 1", PASSWORD),
        ("𝕧𝕚𝕖𝕨𝕖𝕣 2", PASSWORD),
        ("💥" * 60, "💥" * 200),
        ("viewer 1", "\ufffd" * 20),
    ],
)
async def test_wrong_credentials_all_get_the_same_answer(tmp_path: Path, username: str, password: str) -> None:
    async with staffed(tmp_path) as staff:
        reply = await staff.anonymous()("POST", "/auth/login", {"username": username, "password": password})
        assert (reply.status, reply.body) == (
            401,
            {"error": {"code": "auth.invalid_credentials", "params": {}, "level": "error"}},
        )


async def test_disabled_users_and_users_without_a_password_get_that_answer_too(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        admin = await staff.signed_in(Role.ADMIN)
        await admin("PATCH", f"/users/{staff.users[Role.VIEWER].id}", {"enabled": False})
        await staff.core.get(Users).create("sso only", None, Role.VIEWER)
        for name in ("viewer 1", "sso only"):
            reply = await staff.anonymous()("POST", "/auth/login", {"username": name, "password": PASSWORD})
            assert (reply.status, reply.code) == (401, "auth.invalid_credentials")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"username": "a"}',
        b'{"username": "a", "password": ""}',
        b'{"username": ["a"], "password": {"$ne": 1}}',
        b'{"username": "a", "password": "b", "admin": true}',
        b'{"username": "a\\u0000b", "password": "secretsecret"}',
        b'{"username": "\\ud800", "password": "secretsecret"}',
        b'{"username": "' + b"x" * 5000 + b'", "password": "secretsecret"}',
        b'{"username": "a", "password": "' + b"x" * 100_000 + b'"}',
        b'{"username": ' * 200,
        b"\xff\xfe",
    ],
)
async def test_malformed_sign_ins_are_refused_before_any_hashing(tmp_path: Path, body: bytes) -> None:
    async with staffed(tmp_path) as staff:
        began = time.process_time()
        response = await staff.app.test_client().post(
            "/api/v1/auth/login", data=body, headers={"Content-Type": "application/json"}
        )
        assert response.status_code in (400, 422)
        text = await response.get_data(as_text=True)
        assert text.startswith('{"error":')
        assert "secretsecret" not in text
        assert time.process_time() - began < 0.1


async def test_huge_bodies_are_not_read(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        reply = await staff.anonymous()("POST", "/auth/login", {"username": "a", "password": "x" * 2_000_000})
        assert reply.status == 413


async def test_the_time_does_not_tell_who_has_an_account(tmp_path: Path) -> None:
    async with bare(tmp_path) as staff:
        users = staff.core.get(Users)
        await users.create("anna", PASSWORD, Role.ADMIN)
        await users.create("without", None, Role.VIEWER)
        spent: dict[str, list[float]] = {"anna": [], "nobody": [], "without": []}
        for number in range(7):
            for name, times in spent.items():
                visitor = staff.anonymous(f"198.51.{number}.1")
                began = time.process_time()
                await visitor("POST", "/auth/login", {"username": name, "password": "wrong password"})
                times.append(time.process_time() - began)
    middles = [median(times) for times in spent.values()]
    assert max(middles) < 1.5 * min(middles)
    assert min(middles) > 0.02


async def test_one_account_cannot_be_guessed_from_many_addresses(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        body = {"username": "viewer 1", "password": "wrong password"}
        replies = [await staff.anonymous(f"203.0.113.{n}")("POST", "/auth/login", body) for n in range(12)]
        assert [reply.status for reply in replies] == [401] * 10 + [429] * 2
        assert 1 <= int(replies[-1].headers["Retry-After"]) <= 90
        assert replies[-1].body["error"]["params"]["seconds"] == int(replies[-1].headers["Retry-After"])
        right = await staff.anonymous("203.0.113.99")("POST", "/auth/login", staff.credentials(Role.VIEWER))
        assert right.status == 429


async def test_names_that_do_not_exist_are_limited_the_same_way(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        body = {"username": "no such user", "password": "wrong password"}
        statuses = [(await staff.anonymous(f"203.0.113.{n}")("POST", "/auth/login", body)).status for n in range(11)]
        assert statuses == [401] * 10 + [429]


async def test_the_owner_is_not_locked_out_where_they_are_signed_in(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        await staff.signed_in(Role.VIEWER, address="192.0.2.50")
        body = {"username": "viewer 1", "password": "wrong password"}
        for n in range(11):
            await staff.anonymous(f"203.0.113.{n}")("POST", "/auth/login", body)
        owner = staff.anonymous("192.0.2.50")
        assert (await owner("POST", "/auth/login", staff.credentials(Role.VIEWER))).status == 200


async def test_one_address_cannot_try_many_accounts(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        visitor = staff.anonymous()
        await _guess_thirty_times(staff, lambda n: visitor)
        assert (await visitor("POST", "/auth/login", {"username": "nobody", "password": PASSWORD})).status == 429


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "10.0.0.{n}"},
        {"X-Forwarded-For": "10.0.0.{n}, 10.1.0.{n}"},
        {"X-Real-IP": "10.0.0.{n}"},
        {"Forwarded": "for=10.0.0.{n}"},
        {"Client-IP": "10.0.0.{n}", "True-Client-IP": "10.0.0.{n}", "CF-Connecting-IP": "10.0.0.{n}"},
    ],
)
async def test_forged_headers_are_no_other_address(tmp_path: Path, headers: dict[str, str]) -> None:
    async with staffed(tmp_path) as staff:

        def forger(n: int) -> Visitor:
            visitor = staff.anonymous()
            visitor.headers = {name: value.format(n=n) for name, value in headers.items()}
            return visitor

        await _guess_thirty_times(staff, forger)
        assert (await forger(31)("POST", "/auth/login", {"username": "nobody", "password": PASSWORD})).status == 429


async def test_behind_a_trusted_proxy_each_client_counts_for_itself(tmp_path: Path) -> None:
    async with staffed(tmp_path, CASTCORE_TRUSTED_PROXIES="192.0.2.7") as staff:

        def client(n: int) -> Visitor:
            # What the client itself has put there stands to the left of what the proxy has seen.
            return Visitor(staff.app, {"X-Forwarded-For": f"10.9.9.{n}, 203.0.113.5"}, "192.0.2.7")

        await _guess_thirty_times(staff, client)
        body = {"username": "nobody", "password": PASSWORD}
        assert (await client(31)("POST", "/auth/login", body)).status == 429
        other = Visitor(staff.app, {"X-Forwarded-For": "203.0.113.6"}, "192.0.2.7")
        assert (await other("POST", "/auth/login", body)).status == 401


async def test_a_household_of_ipv6_is_one_address(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        await _guess_thirty_times(staff, lambda n: staff.anonymous(f"2001:db8:1:2::{n:x}"))
        body = {"username": "nobody", "password": PASSWORD}
        assert (await staff.anonymous("2001:db8:1:2:ffff::1")("POST", "/auth/login", body)).status == 429
        assert (await staff.anonymous("2001:db8:1:3::1")("POST", "/auth/login", body)).status == 401


async def test_a_right_sign_in_uses_nothing_up(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        visitor = staff.anonymous()
        for _ in range(3):
            for _ in range(9):
                wrong = {**staff.credentials(Role.VIEWER), "password": "wrong password"}
                assert (await visitor("POST", "/auth/login", wrong)).status == 401
            assert (await visitor("POST", "/auth/login", staff.credentials(Role.VIEWER))).status == 200
            await User.filter(id=staff.users[Role.VIEWER].id).update(password=await quick_hash())


async def test_every_attempt_is_in_the_audit_log_without_what_was_typed(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        visitor = staff.anonymous("203.0.113.9")
        await visitor("POST", "/auth/login", {"username": "viewer 1", "password": "canary-password-1"})
        await visitor("POST", "/auth/login", {"username": "canary-password-2", "password": "x"})
        await visitor("POST", "/auth/login", staff.credentials(Role.VIEWER))
        admin = await staff.signed_in(Role.ADMIN)
        reply = await admin("GET", "/audit?action=auth.login&sort=at")
    told = [(e["outcome"], e["target_name"], e["actor_kind"], e["address"]) for e in reply.body["items"]]
    assert told == [
        ("failed", "viewer 1", "anonymous", "203.0.113.9"),
        ("failed", None, "anonymous", "203.0.113.9"),
        ("done", "viewer 1", "user", "203.0.113.9"),
    ]
    assert "canary" not in str(reply.body)
