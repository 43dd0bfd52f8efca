"""The first-run wizard: nothing works before it, and it does not work after it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from castcore_core.accounts.models import User
from castcore_core.accounts.role import Role
from castcore_core.accounts.user import Users
from castcore_core.setup.wizard import STEPS
from servers.staff import PASSWORD, Staff, Visitor, bare, staffed


def _token(staff: Staff) -> str:
    [(code, params)] = [each for each in staff.core.announcements if each[0] == "setup.token"]
    assert code == "setup.token"
    return str(params["token"])


async def _made(staff: Staff, **more: object):
    body = {"username": "anna", "password": PASSWORD, "token": _token(staff), **more}
    return await staff.anonymous()("POST", "/setup/step/admin", body)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/users"), ("POST", "/auth/login"), ("GET", "/auth/me"), ("GET", "/channels"), ("GET", "/settings")],
)
async def test_everything_else_waits_for_the_setup(tmp_path: Path, method: str, path: str) -> None:
    async with bare(tmp_path) as staff:
        reply = await staff.anonymous()(method, path, {} if method == "POST" else None)
        assert (reply.status, reply.code) == (409, "setup.required")
        assert (await staff.anonymous()("GET", "/system/health")).status == 200
        assert (await staff.anonymous()("GET", "/openapi.json")).status == 200


async def test_the_wizard_from_the_first_step_to_the_last(tmp_path: Path) -> None:
    async with bare(tmp_path) as staff:
        nobody = staff.anonymous()
        state = (await nobody("GET", "/setup/state")).body
        assert state["token_needed"] is True
        assert [step["name"] for step in state["steps"]] == list(STEPS)
        assert not any(step["done"] for step in state["steps"])
        await nobody("POST", "/setup/step/language", {"language": "de", "time_zone": "Europe/Berlin"})
        signed_in = await _made(staff)
        assert signed_in.status == 200
        anna = Visitor(staff.app, {"Authorization": f"Bearer {signed_in.body['access_token']}"})
        assert (await anna("GET", "/settings")).body["language"] == "de"
        media = tmp_path / "clips"
        media.mkdir()
        for step, body in (
            ("ffmpeg", {}),
            ("folders", {"media_roots": [str(media)]}),
            ("storage", {"private_addresses": False}),
            ("plugins", {}),
        ):
            assert (await anna("POST", f"/setup/step/{step}", body)).status == 200, step
        done = [step["name"] for step in (await anna("GET", "/setup/state")).body["steps"] if step["done"]]
        assert done == ["language", "admin", "ffmpeg", "folders", "storage", "plugins"]
        assert all(step["done"] for step in (await anna("POST", "/setup/complete")).body["steps"])
        settings = (await anna("GET", "/settings")).body
        assert (settings["media_roots"], settings["private_addresses"]) == ([str(media)], False)
        for method, path in (("GET", "/setup/state"), ("POST", "/setup/complete"), ("POST", "/setup/step/plugins")):
            reply = await anna(method, path, {} if method == "POST" else None)
            assert (reply.status, reply.code) == (409, "setup.already_completed"), path


async def test_once_there_is_an_admin_strangers_get_nowhere(tmp_path: Path) -> None:
    async with bare(tmp_path) as staff:
        token = _token(staff)
        await _made(staff)
        for visitor in (staff.anonymous(),):
            for method, path, body in (
                ("GET", "/setup/state", None),
                ("POST", "/setup/step/language", {"language": "de"}),
                ("POST", "/setup/step/admin", {"username": "eve", "password": PASSWORD, "token": token}),
                ("POST", "/setup/step/storage", {"token": token}),
                ("POST", "/setup/syscheck", None),
                ("POST", "/setup/complete", None),
            ):
                assert (await visitor(method, path, body)).code == "setup.already_completed", path
        assert await User.all().count() == 1


async def test_an_admin_made_elsewhere_completes_the_setup(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        admin = await staff.signed_in(Role.ADMIN)
        for visitor in (staff.anonymous(), admin):
            assert (await visitor("GET", "/setup/state")).code == "setup.already_completed"
            made = await visitor("POST", "/setup/step/admin", {"username": "eve", "password": PASSWORD})
            assert made.code == "setup.already_completed"


@pytest.mark.parametrize("token", [None, "", "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA", "💥", "x" * 64])
async def test_the_first_admin_needs_the_token(tmp_path: Path, token: str | None) -> None:
    async with bare(tmp_path) as staff:
        body = {"username": "eve", "password": PASSWORD, "token": token}
        for address in ("203.0.113.5", "127.0.0.1"):
            reply = await staff.anonymous(address)("POST", "/setup/step/admin", body)
            assert (reply.status, reply.code) == (403, "setup.token_invalid")
        for step in ("ffmpeg", "folders", "storage", "plugins"):
            reply = await staff.anonymous()("POST", f"/setup/step/{step}", {"token": token})
            assert reply.code == "setup.token_invalid"
        assert await User.all().count() == 0


async def test_the_token_may_be_typed_and_cannot_be_guessed(tmp_path: Path) -> None:
    async with bare(tmp_path) as staff:
        for _ in range(20):
            await staff.anonymous("203.0.113.5")("POST", "/setup/step/plugins", {"token": "wrong"})
        assert (await staff.anonymous("203.0.113.5")("POST", "/setup/step/plugins", {"token": "wrong"})).status == 429
        body = {"username": "anna", "password": PASSWORD, "token": f" {_token(staff).lower()} "}
        assert (await staff.anonymous()("POST", "/setup/step/admin", body)).status == 200


async def test_of_several_first_admins_at_once_one_is_made(tmp_path: Path) -> None:
    async with bare(tmp_path) as staff:
        replies = await asyncio.gather(*(_made(staff, username=f"anna {n}") for n in range(4)))
        assert sorted(reply.status for reply in replies) == [200, 409, 409, 409]
        assert await User.all().count() == 1


async def test_a_restart_prints_another_token_and_after_the_setup_none(tmp_path: Path) -> None:
    async with bare(tmp_path) as staff:
        first = _token(staff)
    async with bare(tmp_path) as staff:
        assert _token(staff) != first
        assert (await staff.anonymous()("POST", "/setup/step/plugins", {"token": first})).status == 403
        await _made(staff)
    async with bare(tmp_path) as staff:
        assert staff.core.announcements == []


async def test_the_wizard_signs_a_page_in(tmp_path: Path) -> None:
    async with bare(tmp_path) as staff:
        reply = await _made(staff, cookie=True)
        assert reply.body["access_token"] is None
        assert "castcore_session=" in reply.headers["Set-Cookie"]


async def test_an_ffmpeg_that_does_not_work_is_refused(tmp_path: Path) -> None:
    async with bare(tmp_path) as staff:
        body = {"token": _token(staff), "path": str(tmp_path / "nothing")}
        reply = await staff.anonymous()("POST", "/setup/step/ffmpeg", body)
        assert (reply.status, reply.code) == (422, "ffmpeg.missing")
        relative = await staff.anonymous()("POST", "/setup/step/ffmpeg", {**body, "path": "../../bin/sh"})
        assert relative.body["error"]["params"]["fields"] == [{"path": ["path"], "type": "path_not_absolute"}]


async def test_another_site_cannot_set_a_server_up(tmp_path: Path) -> None:
    async with bare(tmp_path) as staff:
        reply = await staff.anonymous()(
            "POST", "/setup/step/language", {"language": "de"}, Origin="http://evil.example"
        )
        assert reply.code == "auth.origin_refused"


async def test_a_viewer_completes_no_setup(tmp_path: Path) -> None:
    async with bare(tmp_path) as staff:
        await staff.core.get(Users).create("vera", PASSWORD, Role.VIEWER)
        assert (await staff.anonymous()("GET", "/settings")).code == "setup.required"
        assert (await _made(staff)).status == 200
