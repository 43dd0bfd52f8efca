"""Every route, every role, and nobody: the table decides, and it is complete."""

from __future__ import annotations

from pathlib import Path

import pytest
from quart import Quart
from quart.testing.connections import WebsocketResponseError

from castcore_core.accounts.role import Role
from castcore_core.accounts.table import TABLE, Access, row_of
from servers.staff import Staff, filled, staffed


def routes(app: Quart) -> list[tuple[str, str]]:
    """Return every rule with every method, as the gate is asked."""
    return sorted(
        (rule.rule, "WEBSOCKET" if rule.websocket else method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or {"GET"})
        if not rule.websocket or method == "GET"
    )


async def test_every_route_is_in_the_table(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        missing = [route for route in routes(staff.app) if row_of(*route) is None]
    assert missing == []


async def test_only_what_has_to_be_open_is_open(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        opened = {
            rule
            for rule, method in routes(staff.app)
            if method != "OPTIONS" and (row := row_of(rule, method)) and row.access < Access.VIEWER
        }
    assert {rule for rule in opened if not rule.startswith("/api/v1/setup/")} >= {
        "/api/v1/auth/login",
        "/api/v1/auth/refresh",
        "/api/v1/system/health",
    }
    secured = ("/users", "/settings", "/audit", "/stream-jobs", "/destinations", "/ws", "/sse", "/system/metrics")
    assert [rule for rule in opened if rule.startswith(tuple(f"/api/v1{part}" for part in secured))] == []


async def _websocket_status(staff: Staff, path: str, headers: dict[str, str]) -> int:
    try:
        async with staff.app.test_client().websocket(path, headers=headers) as socket:
            await socket.receive()
    except WebsocketResponseError as refused:
        return refused.response.status_code
    except Exception:
        return 200
    return 200


async def _status(staff: Staff, role: Role | None, rule: str, method: str) -> int:
    caller = await staff.signed_in(role) if role else staff.anonymous()
    if method == "WEBSOCKET":
        return await _websocket_status(staff, filled(rule), caller.headers)
    reply = await caller(method, filled(rule), base="")
    if reply.code is not None and not reply.code.startswith("auth.") and reply.status in (401, 403):
        return 200
    return reply.status


@pytest.mark.parametrize("role", [None, *Role])
async def test_the_table_is_what_happens(tmp_path: Path, role: Role | None) -> None:
    wrong = []
    async with staffed(tmp_path) as staff:
        for rule, method in routes(staff.app):
            row = row_of(rule, method)
            assert row is not None
            status = await _status(staff, role, rule, method)
            if row.access < Access.VIEWER:
                # Pages answer for themselves: they lead to the sign-in, in their own words.
                expected = status not in (401, 403) or not rule.startswith("/api/")
            elif role is None:
                expected = status == 401
            elif role < row.access:
                expected = status == 403
            else:
                expected = status not in (401, 403)
            if not expected or (status >= 500 and status not in (501, 503)):
                wrong.append((method, rule, row.access.name, status))
    assert wrong == []


async def test_a_route_without_a_row_is_refused_even_to_admins(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:

        @staff.app.get("/api/v1/forgotten")
        async def forgotten() -> str:
            return "open"

        reply = await (await staff.signed_in(Role.ADMIN))("GET", "/forgotten")
        assert (reply.status, reply.code) == (403, "auth.forbidden")


async def test_head_and_options_need_no_more_and_no_less(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        nobody, viewer = staff.anonymous(), await staff.signed_in(Role.VIEWER)
        assert (await nobody("HEAD", "/settings")).status == 401
        assert (await viewer("HEAD", "/settings")).status == 200
        assert (await viewer("HEAD", "/users")).status == 403
        assert (await nobody("OPTIONS", "/users")).status == 401
        assert (await nobody("OPTIONS", "/system/health")).status == 200


async def test_denied_access_is_in_the_audit_log_once_a_minute(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        viewer, admin = await staff.signed_in(Role.VIEWER), await staff.signed_in(Role.ADMIN)
        for _ in range(3):
            await viewer("GET", "/users")
        found = (await admin("GET", "/audit?action=auth.access")).body["items"]
    assert [(entry["outcome"], entry["actor_name"], entry["target_name"]) for entry in found] == [
        ("denied", "viewer 1", "GET /api/v1/users")
    ]


def test_every_row_names_an_access_that_a_role_has() -> None:
    for paths in TABLE.values():
        for path, methods in paths.items():
            assert path.startswith("/")
            assert set(methods) <= {"GET", "POST", "PATCH", "PUT", "DELETE", "WEBSOCKET"}, path
