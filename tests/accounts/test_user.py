"""Users: made, changed, removed, and never without an admin."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from castcore_core.accounts.models import User
from castcore_core.accounts.role import Role
from servers.staff import PASSWORD, add_user, staffed


async def test_an_admin_makes_a_user_who_signs_in(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        admin = await staff.signed_in(Role.ADMIN)
        reply = await admin("POST", "/users", {"username": "Ünal", "password": "a good password", "role": "operator"})
        assert reply.status == 201
        assert (await admin("GET", reply.headers["Location"])).body == reply.body
        assert "password" not in reply.body
        login = {"username": "ünal", "password": "a good password"}
        assert (await staff.anonymous()("POST", "/auth/login", login)).body["user"]["role"] == "operator"


@pytest.mark.parametrize(
    ("body", "field", "kind"),
    [
        ({"username": "", "password": PASSWORD}, "username", "string_too_short"),
        ({"username": "   ", "password": PASSWORD}, "username", "user_name"),
        ({"username": "x" * 65, "password": PASSWORD}, "username", "string_too_long"),
        ({"username": "ﷺ" * 60, "password": PASSWORD}, "username", "user_name"),
        ({"username": "-rf", "password": PASSWORD}, "username", "user_name"),
        ({"username": "a<b>", "password": PASSWORD}, "username", "user_name"),
        ({"username": "a\u200bb", "password": PASSWORD}, "username", "user_name"),
        ({"username": "a\u202eb", "password": PASSWORD}, "username", "user_name"),
        ({"username": "a\nb", "password": PASSWORD}, "username", "user_name"),
        ({"username": "anna", "password": "short"}, "password", "too_short"),
        ({"username": "anna", "password": "x" * 257}, "password", "too_long"),
        ({"username": "annaannaanna", "password": "ANNAannaANNA"}, "password", "password_is_name"),
        ({"username": "anna", "password": "aaaaaaaaaaaa"}, "password", "password_too_simple"),
        ({"username": "anna", "password": PASSWORD, "role": "root"}, "role", "literal_error"),
        ({"username": "anna", "password": PASSWORD, "id": 1}, "id", "extra_forbidden"),
    ],
)
async def test_names_and_passwords_are_checked(tmp_path: Path, body: dict[str, str], field: str, kind: str) -> None:
    async with staffed(tmp_path) as staff:
        reply = await (await staff.signed_in(Role.ADMIN))("POST", "/users", body)
        assert (reply.status, reply.code) == (422, "validation.failed")
        assert reply.body["error"]["params"]["fields"] == [{"path": [field], "type": kind}]


async def test_names_are_unique_however_they_are_written(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        admin = await staff.signed_in(Role.ADMIN)
        for name in ("viewer 1", "VIEWER 1", "ｖｉｅｗｅｒ 1"):
            reply = await admin("POST", "/users", {"username": name, "password": PASSWORD})
            assert (reply.status, reply.code) == (409, "conflict.duplicate"), name
        renamed = await admin("PATCH", f"/users/{staff.users[Role.OPERATOR].id}", {"username": "Viewer 1"})
        assert renamed.code == "conflict.duplicate"


async def test_lists_are_filtered_sorted_and_paged(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        for n in range(5):
            await add_user(staff.core, f"extra {n}", Role.VIEWER)
        admin = await staff.signed_in(Role.ADMIN)

        async def names(query: str) -> tuple[list[str], int]:
            body = (await admin("GET", f"/users?{query}")).body
            return [item["username"] for item in body["items"]], body["total"]

        assert await names("limit=2&offset=1") == (["extra 0", "extra 1"], 8)
        assert await names("role=operator") == (["operator 1"], 1)
        assert await names("q=EXTRA&sort=-username&limit=1") == (["extra 4"], 5)
        assert await names("q=%25") == ([], 0)
        assert await names("enabled=false") == ([], 0)
        for query in ("limit=501", "limit=0", "offset=-1", "sort=password", "sort=key", "foo=1"):
            assert (await admin("GET", f"/users?{query}")).status == 422, query


async def test_whatever_takes_rights_away_ends_the_sessions(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        admin = await staff.signed_in(Role.ADMIN)
        for change in ({"role": "viewer"}, {"enabled": False}, {"password": "another password"}):
            user = await add_user(staff.core, f"user {next(iter(change))}", Role.OPERATOR)
            visitor = await staff.signed_in(user)
            assert (await admin("PATCH", f"/users/{user.id}", change)).status == 200
            assert (await visitor("GET", "/auth/me")).code == "auth.session_ended", change
        kept = await staff.signed_in(Role.VIEWER)
        assert (await admin("PATCH", f"/users/{staff.users[Role.VIEWER].id}", {"username": "renamed"})).status == 200
        assert (await kept("GET", "/auth/me")).body["username"] == "renamed"


async def test_a_deleted_user_is_gone_at_once(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        admin, viewer = await staff.signed_in(Role.ADMIN), await staff.signed_in(Role.VIEWER)
        path = f"/users/{staff.users[Role.VIEWER].id}"
        assert (await admin("DELETE", path)).status == 204
        assert (await viewer("GET", "/auth/me")).status == 401
        for method in ("GET", "DELETE", "PATCH"):
            assert (await admin(method, path, {} if method == "PATCH" else None)).code == "users.not_found"
        assert (await admin("GET", "/users/nothing")).status == 404
        assert (await admin("GET", f"/users/{uuid4()}")).code == "users.not_found"


@pytest.mark.parametrize("change", [{"role": "operator"}, {"enabled": False}, None])
async def test_the_last_admin_stays(tmp_path: Path, change: dict[str, object] | None) -> None:
    async with staffed(tmp_path) as staff:
        admin = await staff.signed_in(Role.ADMIN)
        path = f"/users/{staff.users[Role.ADMIN].id}"
        second = await add_user(staff.core, "second", Role.ADMIN)
        await admin("PATCH", f"/users/{second.id}", {"enabled": False})
        reply = await admin("DELETE" if change is None else "PATCH", path, change)
        assert (reply.status, reply.code) == (409, "users.last_admin")
        assert (await admin("GET", "/auth/me")).body["role"] == "admin"
        await admin("PATCH", f"/users/{second.id}", {"enabled": True})
        assert (await admin("DELETE" if change is None else "PATCH", path, change)).status in (200, 204)


async def test_two_admins_who_demote_each_other_leave_one(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        second = await add_user(staff.core, "second", Role.ADMIN)
        one, two = await staff.signed_in(Role.ADMIN), await staff.signed_in(second)
        replies = await asyncio.gather(
            one("PATCH", f"/users/{second.id}", {"role": "viewer"}),
            two("PATCH", f"/users/{staff.users[Role.ADMIN].id}", {"role": "viewer"}),
        )
        assert 200 in [reply.status for reply in replies]
        assert await User.filter(role="admin", enabled=True).count() == 1


async def test_people_change_their_own_password(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        viewer, elsewhere = await staff.signed_in(Role.VIEWER), await staff.signed_in(Role.VIEWER)
        new = {"current": PASSWORD, "new": "a brand new password"}
        wrong = await viewer("POST", "/auth/password", {**new, "current": "wrong password"})
        assert (wrong.status, wrong.code) == (403, "auth.invalid_credentials")
        weak = await viewer("POST", "/auth/password", {**new, "new": "aaaaaaaaaaaa"})
        assert weak.body["error"]["params"]["fields"] == [{"path": ["new"], "type": "password_too_simple"}]
        assert (await viewer("POST", "/auth/password", new)).status == 204
        assert (await viewer("GET", "/auth/me")).status == 200
        assert (await elsewhere("GET", "/auth/me")).code == "auth.session_ended"
        login = {"username": "viewer 1", "password": "a brand new password"}
        assert (await staff.anonymous()("POST", "/auth/login", login)).status == 200


async def test_the_own_password_cannot_be_guessed_from_a_stolen_session(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        viewer = await staff.signed_in(Role.VIEWER)
        body = {"current": "wrong password", "new": "a brand new password"}
        statuses = [(await viewer("POST", "/auth/password", body)).status for _ in range(11)]
        assert statuses == [403] * 10 + [429]


async def test_roles_tell_what_they_may(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        body = (await (await staff.signed_in(Role.VIEWER))("GET", "/roles")).body
        viewer, operator, admin = (set(item["routes"]) for item in body["items"])
        assert viewer < operator < admin
        assert "GET /api/v1/users" in admin - operator
        assert "POST /api/v1/stream-jobs/*/start" in operator - viewer
        assert "*:read" in body["scopes"]
