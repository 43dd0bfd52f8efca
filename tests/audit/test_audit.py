"""The audit log: what is written, found, exported and kept."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from tortoise.transactions import in_transaction

from castcore_core.accounts.role import Role
from castcore_core.audit import Audit, Caller, acting_as
from castcore_core.audit.models import AuditEntry
from castcore_core.audit.service import Target
from castcore_core.db import utc_now
from castcore_core.secrets import scrubber
from servers.staff import PASSWORD, staffed


async def test_an_entry_tells_who_did_what_from_where(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        admin = await staff.signed_in(Role.ADMIN, "203.0.113.9")
        path = f"/users/{staff.users[Role.VIEWER].id}"
        await admin("PATCH", path, {"username": "renamed", "role": "operator", "password": "canary-password"})
        [entry] = (await admin("GET", "/audit?action=users.changed")).body["items"]
        del entry["at"], entry["id"]
        assert entry == {
            "actor_kind": "user",
            "actor_id": str(staff.users[Role.ADMIN].id),
            "actor_name": "admin 1",
            "address": "203.0.113.9",
            "action": "users.changed",
            "outcome": "done",
            "target_kind": "user",
            "target_id": str(staff.users[Role.VIEWER].id),
            "target_name": "renamed",
            "fields_changed": ["name", "password", "role"],
            "params": {"role": "operator"},
        }


async def test_every_change_of_accounts_and_settings_is_written(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        admin = await staff.signed_in(Role.ADMIN)
        user = (await admin("POST", "/users", {"username": "new", "password": PASSWORD})).body
        await admin("PATCH", f"/users/{user['id']}", {"enabled": False})
        await admin("DELETE", f"/users/{user['id']}")
        await admin("PATCH", "/settings", {"server_name": "Studio"})
        token = {"name": "robot", "scopes": ["*:read"], "password": PASSWORD}
        created = (await admin("POST", "/auth/tokens", token)).body
        await admin("DELETE", f"/auth/tokens/{created['id']}")
        await admin("POST", "/auth/password", {"current": PASSWORD, "new": "a brand new password"})
        items = (await admin("GET", "/audit?sort=at&limit=500")).body["items"]
    actions = [entry["action"] for entry in items if entry["actor_kind"] == "user"]
    assert actions == [
        "users.created",
        "users.changed",
        "users.deleted",
        "settings.changed",
        "auth.token_created",
        "auth.token_deleted",
        "auth.password_changed",
    ]
    assert PASSWORD not in json.dumps(items)


async def test_a_change_that_changes_nothing_is_not_written(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        admin = await staff.signed_in(Role.ADMIN)
        before = await AuditEntry.all().count()
        await admin("PATCH", "/settings", {"server_name": "CastCore"})
        await admin("PATCH", f"/users/{staff.users[Role.VIEWER].id}", {"role": "viewer"})
        assert await AuditEntry.all().count() == before


async def test_filters(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        audit, me, other = staff.core.get(Audit), str(uuid4()), uuid4()
        with acting_as(Caller("user", me, "me", "198.51.100.1")):
            await audit.record("streams.started", target=Target("job", other, "Show"))
            await audit.record("streams.stopped", target=Target("job", other, "Show"), outcome="failed")
        await audit.record("jobs.deleted")
        admin = await staff.signed_in(Role.ADMIN)

        async def actions(query: str) -> list[str]:
            return [entry["action"] for entry in (await admin("GET", f"/audit?sort=at&{query}")).body["items"]]

        assert await actions(f"actor={me}") == ["streams.started", "streams.stopped"]
        assert await actions("action=streams.*") == ["streams.started", "streams.stopped"]
        assert await actions("action=streams.started") == ["streams.started"]
        assert await actions("outcome=failed") == ["streams.stopped"]
        assert await actions(f"target={other}&target_kind=job") == ["streams.started", "streams.stopped"]
        assert await actions("address=198.51.100.1") == ["streams.started", "streams.stopped"]
        late = (utc_now() + timedelta(hours=1)).isoformat().replace("+", "%2B")
        assert await actions(f"since={late}") == []
        assert "jobs.deleted" in await actions(f"until={late}")
        for query in ("action=%25", "action=a'--.b", "outcome=x", "since=yesterday", "sort=actor_name", "x=1"):
            assert (await admin("GET", f"/audit?{query}")).status == 422, query


async def test_pages_do_not_overlap(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        for n in range(7):
            await staff.core.get(Audit).record("jobs.made", params={"n": n})
        admin = await staff.signed_in(Role.ADMIN)
        seen = []
        for offset in range(0, 7, 3):
            body = (await admin("GET", f"/audit?action=jobs.made&limit=3&offset={offset}")).body
            assert body["total"] == 7
            seen += [entry["params"]["n"] for entry in body["items"]]
        assert seen == [6, 5, 4, 3, 2, 1, 0]


async def test_an_entry_goes_with_its_change(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:

        async def change() -> None:
            async with in_transaction():
                await staff.core.get(Audit).record("jobs.made")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await change()
        assert await AuditEntry.filter(action="jobs.made").count() == 0


async def test_export_as_json_lines_and_csv(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        for n in range(1200):
            await AuditEntry.create(
                at=utc_now(), actor_kind="system", actor_name="=cmd|' /C calc'!A0", address="", action="jobs.made",
                outcome="done", fields_changed=[], params={"n": n},
            )  # fmt: skip
        admin = await staff.signed_in(Role.ADMIN)
        lines = (await admin("GET", "/audit/export?action=jobs.made")).body.splitlines()
        assert [json.loads(line)["params"]["n"] for line in lines] == list(range(1200))
        reply = await admin("GET", "/audit/export?action=jobs.made&format=csv")
        assert "attachment" in reply.headers["Content-Disposition"]
        rows = list(csv.DictReader(io.StringIO(reply.body)))
        assert len(rows) == 1200
        assert {row["actor_name"][0] for row in rows} == {"'"}
        exported = (await admin("GET", "/audit?action=audit.exported")).body["total"]
        assert exported == 2


async def test_secrets_and_control_characters_do_not_get_in(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        scrubber.add("canary-stream-key")
        await staff.core.get(Audit).record(
            "jobs.made", target=Target("job", "x" * 500, "a\nb\x1b[31m canary-stream-key"), params={"why": "y" * 999}
        )
        admin = await staff.signed_in(Role.ADMIN)
        [entry] = (await admin("GET", "/audit?action=jobs.made")).body["items"]
        assert entry["target_name"] == "a�b�[31m ••••"
        assert (len(entry["target_id"]), len(entry["params"]["why"])) == (64, 256)


async def test_only_age_removes_entries(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        audit = staff.core.get(Audit)
        await audit.record("jobs.made")
        await audit.record("jobs.made")
        [old, _] = await AuditEntry.filter(action="jobs.made").order_by("id")
        await AuditEntry.filter(id=old.id).update(at=utc_now() - timedelta(days=400))
        assert await audit.prune(timedelta(days=365)) == 1
        admin = await staff.signed_in(Role.ADMIN)
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert (await admin(method, "/audit")).status == 405
