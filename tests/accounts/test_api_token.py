"""API tokens: scopes, never more than the user, gone at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from castcore_core.accounts.models import ApiToken
from castcore_core.accounts.role import Role
from castcore_core.accounts.table import AREAS, OWN, SCOPES, SESSION, TABLE, row_of
from castcore_core.db import utc_now
from servers.staff import PASSWORD, Staff, Visitor, staffed


async def _token(staff: Staff, who: Role, *scopes: str, **more: object) -> tuple[Visitor, dict[str, object]]:
    person = await staff.signed_in(who)
    body = {"name": "robot", "scopes": list(scopes), "password": PASSWORD, **more}
    reply = await person("POST", "/auth/tokens", body)
    assert reply.status == 201, reply.body
    return Visitor(staff.app, {"Authorization": f"Bearer {reply.body['token']}"}), reply.body


async def test_a_token_is_shown_once(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        robot, created = await _token(staff, Role.OPERATOR, "settings:read", "settings:read")
        assert str(created["token"]).startswith("cc_")
        person = await staff.signed_in(Role.OPERATOR)
        [listed] = (await person("GET", "/auth/tokens")).body["items"]
        assert "token" not in listed
        assert listed["masked"] == "••••" + str(created["token"])[-4:]
        assert listed["scopes"] == ["settings:read"]
        assert listed["last_used_at"] is None
        me = (await robot("GET", "/auth/me")).body
        assert (me["kind"], me["username"], me["scopes"]) == ("token", "operator 1", ["settings:read"])
        [listed] = (await person("GET", "/auth/tokens")).body["items"]
        assert listed["last_used_at"] is not None


async def test_scopes_decide_and_the_role_stays_the_limit(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        reader, _ = await _token(staff, Role.ADMIN, "settings:read")
        assert (await reader("GET", "/settings")).status == 200
        assert (await reader("PATCH", "/settings", {})).code == "auth.forbidden"
        assert (await reader("GET", "/users")).code == "auth.forbidden"
        everything, _ = await _token(staff, Role.VIEWER, "*:write")
        assert (await everything("GET", "/settings")).status == 200
        assert (await everything("PATCH", "/settings", {})).code == "auth.forbidden"


async def test_write_includes_read_and_star_every_area(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        writer, _ = await _token(staff, Role.ADMIN, "settings:write")
        assert (await writer("GET", "/settings")).status == 200
        assert (await writer("PATCH", "/settings", {})).status == 200
        assert (await writer("GET", "/users")).status == 403
        star, _ = await _token(staff, Role.ADMIN, "*:read", name="star")
        assert (await star("GET", "/users")).status == 200
        assert (await star("POST", "/users", {})).status == 403


async def test_no_token_reaches_what_belongs_to_people(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        robot, _ = await _token(staff, Role.ADMIN, "*:write")
        for method, path in (
            ("POST", "/auth/tokens"),
            ("GET", "/auth/tokens"),
            ("POST", "/auth/password"),
            ("POST", "/auth/2fa/setup"),
            ("GET", "/auth/sessions"),
            ("DELETE", "/auth/sessions"),
            ("POST", "/auth/logout"),
        ):
            assert (await robot(method, path)).code == "auth.forbidden", path


def test_every_scope_opens_something() -> None:
    assert {scope.partition(":")[0] for scope in SCOPES} == {"*", *AREAS}
    for area, paths in TABLE.items():
        for path, methods in paths.items():
            for method in methods:
                row = row_of(f"/api/v1{path}", method)
                assert row is not None
                assert row.fits(frozenset({"*:write"})) == (area != SESSION)
                assert row.fits(frozenset()) == (area == OWN)


async def test_a_removed_token_and_a_disabled_user_stop_at_once(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        robot, created = await _token(staff, Role.OPERATOR, "*:read")
        person, stranger = await staff.signed_in(Role.OPERATOR), await staff.signed_in(Role.ADMIN)
        assert (await stranger("DELETE", f"/auth/tokens/{created['id']}")).code == "auth.token_not_found"
        assert (await person("DELETE", f"/auth/tokens/{created['id']}")).status == 204
        assert (await robot("GET", "/auth/me")).code == "auth.token_invalid"
        second, _ = await _token(staff, Role.OPERATOR, "*:read")
        await stranger("PATCH", f"/users/{staff.users[Role.OPERATOR].id}", {"enabled": False})
        assert (await second("GET", "/auth/me")).code == "auth.token_invalid"


async def test_a_demoted_user_s_token_is_demoted_too(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        robot, _ = await _token(staff, Role.OPERATOR, "*:write")
        assert (await robot("POST", "/metadata/resolve", {})).status == 200
        admin = await staff.signed_in(Role.ADMIN)
        await admin("PATCH", f"/users/{staff.users[Role.OPERATOR].id}", {"role": "viewer"})
        assert (await robot("POST", "/metadata/resolve")).status == 403


async def test_an_expired_token_says_so(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        soon = (utc_now() + timedelta(hours=1)).isoformat()
        robot, _ = await _token(staff, Role.VIEWER, "*:read", expires_at=soon)
        assert (await robot("GET", "/auth/me")).status == 200
        await ApiToken.all().update(expires_at=utc_now() - timedelta(seconds=1))
        assert (await robot("GET", "/auth/me")).code == "auth.token_expired"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"password": "wrong password"}, "auth.invalid_credentials"),
        ({"password": None}, "auth.invalid_credentials"),
        ({"scopes": []}, "validation.failed"),
        ({"scopes": ["everything"]}, "validation.failed"),
        ({"scopes": ["own:read"]}, "validation.failed"),
        ({"name": ""}, "validation.failed"),
        ({"name": "x" * 65}, "validation.failed"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "validation.failed"),
        ({"expires_at": "2099-01-01T00:00:00"}, "validation.failed"),
    ],
)
async def test_creation_is_checked(tmp_path: Path, change: dict[str, object], code: str) -> None:
    async with staffed(tmp_path) as staff:
        person = await staff.signed_in(Role.VIEWER)
        body = {"name": "robot", "scopes": ["*:read"], "password": PASSWORD, **change}
        assert (await person("POST", "/auth/tokens", body)).code == code


async def test_names_are_unique_per_user_and_creation_is_limited(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        await _token(staff, Role.VIEWER, "*:read")
        person = await staff.signed_in(Role.VIEWER)
        body = {"name": "robot", "scopes": ["*:read"], "password": PASSWORD}
        again = await person("POST", "/auth/tokens", body)
        assert (again.status, again.code) == (409, "conflict.duplicate")
        assert again.body["error"]["params"] == {"field": "name"}
        await _token(staff, Role.ADMIN, "*:read")
        statuses = [(await person("POST", "/auth/tokens", body)).status for _ in range(20)]
        assert statuses[-2:] == [429, 429]


async def test_only_a_digest_is_stored(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        _, created = await _token(staff, Role.VIEWER, "*:read")
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("castcore.db*"))
    assert str(created["token"]).encode() not in stored
