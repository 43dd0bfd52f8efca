"""``castcore serve``, ``config show`` and ``migrate`` as commands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import typer
from castcore_core.cli.serve import register
app = typer.Typer(pretty_exceptions_enable=False)
register(app)
app()
"""


def run(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    surrounding = {"CASTCORE_DATA_DIR": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"} | environment
    surrounding["PYTHONPATH"] = ":".join(path for path in sys.path if path)
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, *words],
        env=surrounding,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_show_masks_and_says_where_from(tmp_path: Path) -> None:
    secret = {"CASTCORE_DATABASE_URL": "postgresql://u:canary-password@db/x", "CASTCORE_PORT": "9"}
    plain = run(tmp_path, "config", "show", **secret)
    assert "port = 9  [environment]" in plain.stdout.splitlines()
    assert "database_url = postgresql://u:••••@db/x  [environment]" in plain.stdout.splitlines()
    keys = {key["key"]: key for key in json.loads(run(tmp_path, "config", "show", "--json", **secret).stdout)}
    assert keys["port"]["value"] == 9
    assert "canary" not in f"{plain}{keys}"


def test_migrate_tells_what_it_did(tmp_path: Path) -> None:
    first = json.loads(run(tmp_path, "migrate", "--json").stdout)
    assert first["applied"][0] == "0001_initial"
    assert first["backup"] is None
    again = run(tmp_path, "migrate", CASTCORE_LANGUAGE="de")
    assert (again.returncode, again.stderr) == (0, "Die Datenbank ist auf dem neuesten Stand.\n")


def test_a_mistake_is_told_without_a_traceback(tmp_path: Path) -> None:
    for words in (("config", "show"), ("migrate",), ("serve",)):
        done = run(tmp_path, *words, CASTCORE_PORT="canary")
        assert done.returncode == 3, words
        assert "configuration.invalid" in done.stderr
        assert "Traceback" not in done.stderr
        assert "canary" not in done.stderr + done.stdout
    done = run(tmp_path, "serve", "--port", "70000")
    assert done.returncode == 2
