"""Every plugin as a user gets it: a wheel beside CastCore's wheels in a clean environment.

The wheels are built and installed for real, by pip and without looking at their sources. The libraries they require are
not downloaded again: each is linked from the environment of the tests, only those that a wheel's metadata name, and
pip checks that their versions fit.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from typing import Any

import httpx2
import pytest
from packaging.requirements import Requirement

from servers.castcore import server
from servers.venv import Venv, bare, lend

ROOT = Path(__file__).parents[2]
PLUGINS = sorted(path.parent.name for path in (ROOT / "plugins").glob("*/pyproject.toml"))
PASSWORD = "correct horse battery staple"
SERVERS = re.compile(r"^\d+ passed", re.M)


@dataclass(frozen=True)
class Home:
    """The clean environment, and an installation's data."""

    venv: Venv
    data: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"CASTCORE_DATA_DIR": str(self.data), "CASTCORE_CACHE_DIR": str(self.data.with_name("cache"))}

    def castcore(self, *arguments: str, **more: str) -> Any:
        """Run the installed command and return what it says."""
        done = subprocess.run(
            [str(self.venv.folder / "bin/castcore"), *arguments, "--json"],
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **self.environment, **more},
            cwd=self.venv.folder,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def states(self) -> dict[str, str]:
        return {each["distribution"]: each["state"] for each in self.castcore("plugin", "list")["plugins"]}


def _build(folder: Path, out: Path) -> Path:
    into = out / folder.name
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(into), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = into.glob("*.whl")
    return wheel


def _copied(out: Path) -> Path:
    """Copy what CastCore's wheel is made of. The pages' scripts are those that stand there: npm is another test's."""
    tree = out / "castcore"
    for name in ("castcore_core", "webui"):
        ignored = shutil.ignore_patterns("node_modules", "__pycache__")
        shutil.copytree(ROOT / name, tree / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, tree)
    for script in (tree / "webui/castcore_webui/static/dist").glob("*.js"):
        script.touch()
    return tree


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """All wheels, by the folder they are built from."""
    out = tmp_path_factory.mktemp("wheels")
    folders = [_copied(out), ROOT / "plugin_sdk", *(ROOT / "plugins" / name for name in PLUGINS)]
    with ThreadPoolExecutor(2) as pool:
        built = pool.map(lambda folder: _build(folder, out / "built"), folders)
        return dict(zip([folder.name for folder in folders], built, strict=True))


@pytest.fixture(scope="module")
def home(wheels: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Home:
    venv = bare(tmp_path_factory.mktemp("home") / "venv")
    lend(venv, "pip", *{line for wheel in wheels.values() for line in _required(wheel)})
    venv.pip("install", "-q", "--no-deps", *wheels.values(), cwd=venv.folder)
    return Home(venv, venv.folder.with_name("data"))


def _required(wheel: Path) -> Iterator[str]:
    """Yield the libraries that a wheel requires, those of its tests included."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = message_from_bytes(archive.read(name))
    for line in metadata.get_all("Requires-Dist") or ():
        requirement = Requirement(line)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in ("", "testing")):
            extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
            yield f"{requirement.name}{extras}{requirement.specifier}"


def test_everything_fits_together(home: Home) -> None:
    home.venv.pip("check", cwd=home.venv.folder)


def test_the_code_is_that_of_the_wheels(home: Home) -> None:
    code = "import castcore_core, castcore_webui, castcore_sdk as s; print(castcore_core.__file__, s.__file__)"
    places = home.venv.run("-c", code, cwd=home.data.parent).stdout.split()
    assert all(Path(place).is_relative_to(home.venv.folder) for place in places)
    assert str(ROOT) not in home.venv.run("-c", "import sys; print(sys.path)", cwd=home.data.parent).stdout


def test_all_of_them_are_loaded(home: Home) -> None:
    states = home.states()
    assert set(states) == {"castcore", *PLUGINS}
    assert set(states.values()) == {"loaded"}


@pytest.mark.parametrize("plugin", PLUGINS)
def test_its_own_tests_pass_there(home: Home, plugin: str, tmp_path: Path) -> None:
    """The conformance suite is among them; they find the installed package, as its source folder is not there."""
    shutil.copytree(ROOT / "plugins" / plugin / "tests", tmp_path / "tests")
    shutil.copy(ROOT / "plugins" / plugin / "pyproject.toml", tmp_path)
    assert "Conformance" in "".join(file.read_text(encoding="utf-8") for file in tmp_path.rglob("*.py"))
    options = ["-q", "-p", "no:cacheprovider", "-o", "pythonpath=tests"]
    done = home.venv.run("-m", "pytest", *options, cwd=tmp_path)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    assert SERVERS.search(done.stdout), done.stdout


def test_uninstalling_one_leaves_the_rest_and_its_data(home: Home) -> None:
    gone, kept = "castcore-twitch", [plugin for plugin in PLUGINS if plugin != "castcore-twitch"]
    home.castcore("user", "create", "root", "--role", "admin", "--password", PASSWORD)
    with server(
        home.data, python=str(home.venv.python), CASTCORE_CACHE_DIR=home.environment["CASTCORE_CACHE_DIR"]
    ) as one:
        with _signed_in(one.address) as client:
            body = {"name": "Mine", "type": "twitch", "config": {"stream_key": "live_0123456789_abcdefgh"}}
            made = client.post("/destinations", json=body)
            assert made.status_code == 201, made.text
        for plugin in PLUGINS:
            folder = home.data / "plugins/data" / plugin.removeprefix("castcore-") / "files"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "note").write_text(plugin)
        said = home.castcore("plugin", "uninstall", gone, "--yes")
        assert said["plugins"] == ["twitch"]
        assert said["stays"][0] == str(home.data / "plugins/data/twitch")
        with _signed_in(one.address) as client:  # the same server goes on
            assert client.get("/destinations").json()["items"][0]["name"] == "Mine"
            one.stop()
    states = home.states()
    assert gone not in states
    assert {states[plugin] for plugin in kept} == {"loaded"}
    for plugin in PLUGINS:
        note = home.data / "plugins/data" / plugin.removeprefix("castcore-") / "files/note"
        assert note.read_text() == plugin
    with server(
        home.data, python=str(home.venv.python), CASTCORE_CACHE_DIR=home.environment["CASTCORE_CACHE_DIR"]
    ) as two:
        with _signed_in(two.address) as client:
            (found,) = client.get("/destinations").json()["items"]
            assert (found["id"], found["type"]) == (made.json()["id"], "twitch")
        two.stop()
    home.venv.pip("check", cwd=home.venv.folder)


@contextmanager
def _signed_in(address: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"{address}/api/v1", timeout=20) as client:
        reply = client.post("/auth/login", json={"username": "root", "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"
        yield client
