"""``castcore plugin new``: for every kind a tree whose tests pass at once, with the SDK alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from castcore_core.cli.status import ExitStatus
from castcore_core.plugins import scaffold
from castcore_core.plugins.scaffold import LICENCES, SHAPES, plugin_id, reserved_ids, write_plugin
from castcore_sdk import ConfigurationError
from cli.program import castcore
from servers.venv import SDK, Venv, bare, lend

Trees = Mapping[str, Path]


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Trees:
    """One plugin of each kind, with the longest name that is allowed for half of them."""
    root = tmp_path_factory.mktemp("new")
    names = {kind: f"my-{kind}" if number % 2 else f"the-longest-{kind}"[:20] for number, kind in enumerate(SHAPES)}
    return {kind: write_plugin(name, kind, folder=root / kind).folder for kind, name in names.items()}


@pytest.fixture(scope="module")
def venv(trees: Trees, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    """An environment with castcore-sdk[testing] and the trees, without CastCore."""
    made = bare(tmp_path_factory.mktemp("venv") / "v")
    lend(made, "pytest", "jinja2", "httpx2", "pluggy", "pydantic", "hatchling")
    made.pip("install", "-q", "--no-deps", "--no-build-isolation", SDK, *trees.values(), cwd=made.folder)
    assert made.run("-c", "import castcore_core", cwd=made.folder).returncode == 1
    return made


@pytest.mark.parametrize("kind", SHAPES)
def test_its_tests_pass_at_once(trees: Trees, venv: Venv, kind: str) -> None:
    done = venv.run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=trees[kind])
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\d+ passed in", done.stdout, re.M), done.stdout


def test_the_environment_finds_the_entry_points(venv: Venv) -> None:
    code = "from importlib.metadata import entry_points as e; print(*sorted(x.load().__name__ for x in e(group=G)))"
    done = venv.run("-c", f"G = 'castcore.plugins'; {code}", cwd=venv.folder)
    assert len(done.stdout.split()) == len(SHAPES), done.stderr


def test_they_are_lint_clean_and_typed(trees: Trees) -> None:
    for kind, tree in trees.items():
        for tool in (("ruff", "check", "--no-cache"), ("ruff", "format", "--check", "--no-cache")):
            done = subprocess.run([sys.executable, "-m", *tool, "."], cwd=tree, capture_output=True, text=True)
            assert done.returncode == 0, (kind, done.stdout)
    packages = [part for tree in trees.values() for part in ("-p", next(tree.glob("castcore_*")).name)]
    path = ":".join(map(str, (*trees.values(), SDK)))
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={SDK.parent}/.mypy_cache"]
    done = subprocess.run(
        [*command, *packages], cwd="/", env={"MYPYPATH": path}, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("licence", LICENCES)
def test_a_licence_is_chosen(tmp_path: Path, licence: str) -> None:
    written = write_plugin("x1", "page", folder=tmp_path / "x1", licence=licence, author="Ömer & Co")
    text = (written.folder / "LICENSE").read_text(encoding="utf-8")
    assert ("Ömer & Co" in text) or licence == "Apache-2.0"
    assert f'license = "{LICENCES[licence]}"' in (written.folder / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["", "castcore-", "Big", "1st", "a b", "a--b", "../x", "x" * 21, "ü", "a.b", "a\n"])
def test_bad_names_are_refused(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        plugin_id(name)
    assert caught.value.code == "plugins.new_name"


@pytest.mark.parametrize("name", ["builtin", "core", "castcore-sdk", "webui", "plugins", "storage", "rescan", "cli"])
def test_reserved_names_are_refused(name: str) -> None:
    assert name.removeprefix("castcore-") in reserved_ids()
    with pytest.raises(ConfigurationError) as caught:
        plugin_id(name)
    assert caught.value.code == "plugins.id_reserved"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"kind": "codec"}, "plugins.new_kind"),
        ({"licence": "../../etc/passwd"}, "plugins.new_licence"),
        ({"author": "a\nb"}, "plugins.new_author"),
        ({"author": "{{ 7 * 7 }}"}, "plugins.new_author"),
        ({"name": "vaapi"}, "plugins.new_taken"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(tmp_path: Path, changed: dict[str, str], code: str) -> None:
    wanted = {"name": "x1", "kind": "page", "licence": "MIT", "author": ""} | changed
    name, kind = wanted.pop("name"), wanted.pop("kind")
    with pytest.raises(ConfigurationError) as caught:
        write_plugin(name, kind, folder=tmp_path / "made", **wanted)
    assert caught.value.code == code
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", sorted((SDK.parent / "plugins").glob("castcore-*")), ids=lambda folder: folder.name)
def test_plugins_of_ours_are_taken_also_where_they_are_not_installed(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaffold, "discover", lambda **_: [])
    with pytest.raises(ConfigurationError) as caught:
        write_plugin(folder.name, "page", folder=tmp_path / "made")
    assert caught.value.code == "plugins.id_reserved"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert write_plugin("x1", "page", folder=tmp_path / "empty").files
    with pytest.raises(ConfigurationError) as caught:
        write_plugin("x1", "page", folder=tmp_path / "empty")
    assert caught.value.code == "plugins.new_folder"
    (tmp_path / "closed").write_text("a file")
    with pytest.raises(ConfigurationError) as caught:
        write_plugin("x1", "page", folder=tmp_path / "closed/x1")
    assert caught.value.code == "plugins.new_unwritable"


async def test_the_command(tmp_path: Path) -> None:
    async with castcore(tmp_path, "plugin", "new", "x1", "--kind", "notifier", "--json") as program:
        assert await program.ended() == ExitStatus.OK
    said = json.loads(program.out[0])
    assert said["folder"] == str(tmp_path / "castcore-x1")
    assert {"pyproject.toml", "LICENSE", "castcore_x1/locales/de.json"} <= set(said["files"])
    async with castcore(tmp_path, "plugin", "new", "x1", "--kind", "notifier") as program:
        assert await program.ended() == ExitStatus.INPUT
    assert "plugins.new_folder" in program.text
