"""``castcore user create``, beside a running server and without one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx2 as httpx
import pytest

from castcore_core.accounts.command import create_user
from castcore_core.cli.status import ExitStatus
from servers.castcore import backends, server
from servers.staff import PASSWORD

_PROGRAM = "import sys, typer; from castcore_core.cli.user import register; a = typer.Typer(); register(a); a()"


def _create(folder: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    surrounding = {name: value for name, value in os.environ.items() if not name.startswith("CASTCORE_")}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", _PROGRAM, "user", "create", *arguments],
        env=surrounding | backends(folder) | {"CASTCORE_DATA_DIR": str(folder), "CASTCORE_LANGUAGE": "en"},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_user_made_beside_a_running_server_signs_in(tmp_path: Path) -> None:
    with server(tmp_path / "data") as running:
        address = f"{running.address}/api/v1"
        assert httpx.get(f"{address}/auth/me").json()["error"]["code"] == "setup.required"
        arguments = ("anna", "--role", "admin", "--password-stdin", "--json")
        done = _create(tmp_path / "data", *arguments, typed=f"{PASSWORD}\n")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["role"] == "admin"
        login = httpx.post(f"{address}/auth/login", json={"username": "anna", "password": PASSWORD}).json()
        headers = {"Authorization": f"Bearer {login['access_token']}"}
        [entry] = httpx.get(f"{address}/audit?action=users.created", headers=headers).json()["items"]
        assert (entry["actor_kind"], entry["target_name"]) == ("command", "anna")
        assert PASSWORD not in running.log.read_text()


def test_it_works_without_a_server_and_says_what_it_did(tmp_path: Path) -> None:
    done = _create(tmp_path / "data", "Jörg", "--role", "operator", "--password", PASSWORD)
    assert (done.returncode, done.stdout) == (0, "")
    assert "Jörg" in done.stderr
    assert "operator" in done.stderr
    again = _create(tmp_path / "data", "JÖRG", "--password", PASSWORD, "--json")
    assert again.returncode == ExitStatus.INPUT
    assert json.loads(again.stdout)["error"]["code"] == "conflict.duplicate"


@pytest.mark.parametrize(
    ("arguments", "typed", "status", "code"),
    [
        (["anna", "--role", "root", "--password", PASSWORD], "", ExitStatus.USAGE, "cli.user_role_bad"),
        (["anna", "--password", "short"], "", ExitStatus.INPUT, "cli.user_password_bad"),
        (["<b>", "--password", PASSWORD], "", ExitStatus.INPUT, "cli.user_name_bad"),
        (["anna"], "", ExitStatus.USAGE, "cli.user_password_missing"),
        (["anna", "--password-stdin"], "", ExitStatus.INPUT, "cli.user_password_bad"),
    ],
)
def test_mistakes_get_a_code_and_no_traceback(
    tmp_path: Path, arguments: list[str], typed: str, status: ExitStatus, code: str
) -> None:
    done = _create(tmp_path / "data", "--json", *arguments, typed=typed)
    assert "Traceback" not in done.stderr
    assert done.returncode == status, done.stdout + done.stderr
    assert json.loads(done.stdout)["error"]["code"] == code


def test_a_password_of_the_terminal_is_not_in_what_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASTCORE_DATA_DIR", str(tmp_path))
    with pytest.raises(Exception, match=r"validation\.failed") as refused:
        create_user({}, "anna", "canary", "viewer")
    assert "canary" not in repr(refused.value)
