"""The system check of a real machine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from castcore_core.accounts.role import Role
from castcore_core.i18n import catalogue
from castcore_core.setup.syscheck import level_of
from castcore_sdk import CheckResult, Severity
from servers.castcore import backends
from servers.staff import bare, staffed


@pytest.mark.parametrize(
    ("severities", "level"),
    [
        ([], "green"),
        ([Severity.OK], "green"),
        ([Severity.OK, Severity.WARNING], "yellow"),
        ([Severity.ERROR, Severity.WARNING, Severity.OK], "red"),
    ],
)
def test_the_worst_line_is_the_level(severities: list[Severity], level: str) -> None:
    assert level_of([CheckResult(code="x.y", severity=each) for each in severities]) == level


async def test_everything_that_a_server_needs_is_looked_at(tmp_path: Path) -> None:
    async with bare(tmp_path) as staff:
        replies = await asyncio.gather(*(staff.anonymous()("POST", "/setup/syscheck") for _ in range(3)))
        body = replies[0].body
        assert {reply.status for reply in replies} == {200}
        assert all(reply.body == body for reply in replies)
        found = {line["code"]: line for line in body["checks"]}
        expected = {"doctor.ffmpeg", "doctor.encoders", "doctor.disk", "doctor.plugins", "syscheck.pyav"}
        assert expected | {"syscheck.database", "syscheck.events", "syscheck.clock"} <= found.keys()
        assert found["syscheck.database"]["params"] == {"kind": "postgres" if backends(tmp_path) else "sqlite"}
        assert "builtin.x264" in found["doctor.encoders"]["params"]["names"]
        assert found.keys() <= catalogue("en").keys()
        state = (await staff.anonymous()("GET", "/setup/state")).body
        assert [step["name"] for step in state["steps"] if step["done"]] == ["syscheck"]


async def test_a_media_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        from castcore_core.setup.syscheck import SystemCheck

        admin = await staff.signed_in(Role.ADMIN)
        await admin("PATCH", "/settings", {"media_roots": ["/nowhere/at/all"], "ffmpeg_path": "/nowhere/ffmpeg"})
        lines = {line.code: line for line in await staff.core.get(SystemCheck).examine()}
        assert lines["syscheck.folder_unreadable"].params == {"path": "/nowhere/at/all"}
        assert lines["ffmpeg.missing"].severity is Severity.ERROR
