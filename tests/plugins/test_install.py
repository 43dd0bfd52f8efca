"""Installing, upgrading and removing plugins with a real pip in a real virtual environment."""

from __future__ import annotations

import fcntl
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydantic
import pytest

from castcore_core.cli.status import ExitStatus
from castcore_core.plugins.installer import Change, Environment, Wanted
from castcore_core.plugins.installer.environment import pins
from castcore_core.plugins.installer.keeping import Keeping
from castcore_core.plugins.installer.pip import environment_of
from castcore_sdk import ConfigurationError
from servers.venv import Venv, bare, share
from servers.wheel import write_source, write_wheel


class Place:
    """An environment with CastCore in it, a folder that serves as its package index, and its data."""

    def __init__(self, folder: Path) -> None:
        self.venv: Venv = bare(folder / "venv")
        share(self.venv)
        self.index = folder / "index"
        self.data = folder / "data"
        self.index.mkdir()

    def do(self, *arguments: str | Path, status: int = ExitStatus.OK, env: dict[str, str] | None = None) -> Any:
        """Run ``castcore plugin … --json`` and return what it says."""
        done = self.venv.run(
            "-c",
            "from castcore_core.cli import main; main()",
            *("plugin", arguments[0], "--json", *arguments[1:]),
            cwd=self.index,
            env={**self.environment, **(env or {})},
        )
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    @property
    def environment(self) -> dict[str, str]:
        return {
            "CASTCORE_DATA_DIR": str(self.data),
            "CASTCORE_CACHE_DIR": str(self.data / "cache"),
            "PIP_FIND_LINKS": str(self.index),
        }

    def refused(self, *arguments: str | Path) -> dict[str, Any]:
        """Return code and parameters, and see that nothing has changed."""
        before = self.installed()
        error: dict[str, Any] = self.do(*arguments, status=ExitStatus.INPUT)["error"]
        assert self.installed() == before
        return error

    def states(self) -> dict[str, str]:
        """Return the state of each plugin whose name ends with ``ling``."""
        listed = self.do("list")["plugins"]
        return {one["id"]: one["state"] for one in listed if one["id"].endswith("ling")}

    def installed(self) -> list[str]:
        return sorted(path.name for path in self.venv.site.iterdir() if path.name.endswith(".dist-info"))

    def files(self) -> set[str]:
        paths = (path for path in self.venv.site.rglob("*") if "__pycache__" not in path.parts)
        return {str(path.relative_to(self.venv.site)) for path in paths}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("place"))


@pytest.fixture
def place(made: Place) -> Iterator[Place]:
    """The environment, without any plugin of a test before."""
    yield made
    names = [path.name.split("-")[0] for path in made.venv.site.glob("*.dist-info")]
    if names:
        made.venv.run("-m", "pip", "uninstall", "-y", *names, cwd=made.index)
    for file in (*made.index.glob("*.whl"), *made.index.glob("*.tar.gz")):
        file.unlink()


def test_a_plugin_comes_works_and_goes(place: Place) -> None:
    write_wheel(place.index, "seedling")
    untouched = place.files()
    said = place.do("install", "castcore-seedling", "--yes")
    assert said["changes"] == [{"name": "castcore-seedling", "before": "", "after": "1.0", "plugin": True}]
    assert (said["plugins"], said["restart"]) == (["seedling"], False)
    assert place.states() == {"seedling": "loaded"}
    assert place.do("install", "castcore-seedling", "--yes")["changes"] == []
    assert place.do("disable", "seedling") == {"plugin": "seedling", "state": "disabled"}
    assert place.do("enable", "seedling") == {"plugin": "seedling", "state": "loaded"}
    kept = place.data / "plugins/data/seedling"
    kept.mkdir(parents=True)
    gone = place.do("uninstall", "seedling", "--yes")
    assert (gone["plugins"], gone["stays"]) == (["seedling"], [str(kept)])
    assert place.states() == {}
    assert kept.is_dir()
    assert place.files() == untouched


def test_people_see_each_step_once_and_that_nothing_is_offered(place: Place) -> None:
    write_wheel(place.index, "idling", code="")
    said = place.venv.run(
        "-c",
        "from castcore_core.cli import main; main()",
        *("plugin", "install", "castcore-idling", "--yes"),
        cwd=place.index,
        env=place.environment,
    )
    assert said.returncode == ExitStatus.OK, said.stderr
    assert said.stderr.count("Looking what would change") == 1
    assert "offers nothing" in said.stderr


def test_an_upgrade_takes_the_newest_and_asks_for_a_restart(place: Place) -> None:
    write_wheel(place.index, "seedling", "1.0")
    place.do("install", "castcore-seedling", "--yes")
    write_wheel(place.index, "seedling", "1.1")
    assert place.do("install", "castcore-seedling", "--yes")["changes"] == []
    said = place.do("upgrade", "castcore-seedling", "--yes")
    assert said["changes"] == [{"name": "castcore-seedling", "before": "1.0", "after": "1.1", "plugin": True}]
    assert said["restart"] is True


def test_an_upgrade_that_does_not_work_is_taken_back(place: Place) -> None:
    write_wheel(place.index, "seedling", "1.0")
    place.do("install", "castcore-seedling", "--yes")
    before = place.files()
    write_wheel(place.index, "seedling", "1.1", code="raise RuntimeError('worse than before')", files={"extra.py": ""})
    error = place.refused("upgrade", "castcore-seedling", "--yes")
    assert error["code"] == "plugins.rolled_back"
    assert error["params"]["fault"] == "plugins.import_failed"
    assert "worse than before" in error["params"]["detail"]
    assert place.files() == before
    assert place.states() == {"seedling": "loaded"}


def test_a_new_one_that_does_not_work_leaves_nothing(place: Place) -> None:
    before = place.files()
    write_wheel(place.index, "crashling", code="import ctypes; ctypes.string_at(0)")
    write_wheel(place.index, "helper", entry=False, requires=())
    write_wheel(place.index, "needling", code="raise SystemExit", requires=("castcore-sdk>=1,<2", "helper"))
    assert place.refused("install", "castcore-crashling", "--yes")["params"]["fault"] == "plugins.import_crashed"
    assert place.refused("install", "castcore-needling", "--yes")["params"]["fault"] == "plugins.import_failed"
    assert place.files() == before


def test_what_the_core_imports_is_never_changed(place: Place) -> None:
    write_wheel(place.index, "oldling", requires=("castcore-sdk>=1,<2", "pydantic<2"))
    write_wheel(place.index, "pydantic", "1.0", entry=False, requires=())
    write_wheel(place.index, "newling", requires=("castcore-sdk>=2,<3",))
    error = place.refused("install", "castcore-oldling", "--yes")
    assert error == {
        "code": "plugins.dependency_conflict",
        "params": {"plugin": "castcore-oldling 1.0", "needs": "pydantic<2", "has": f"pydantic=={pydantic.VERSION}"},
        "level": "error",
    }
    assert place.refused("install", "castcore-newling", "--yes")["params"]["needs"] == "castcore-sdk<3,>=2"


def test_a_library_that_another_plugin_needs_is_not_changed(place: Place) -> None:
    write_wheel(place.index, "shared_lib", "1.0", entry=False, requires=())
    write_wheel(place.index, "firstling", requires=("castcore-sdk>=1,<2", "shared-lib<2"))
    place.do("install", "castcore-firstling", "--yes")
    write_wheel(place.index, "shared_lib", "2.0", entry=False, requires=())
    write_wheel(place.index, "secondling", requires=("castcore-sdk>=1,<2", "shared-lib>=2"))
    error = place.refused("install", "castcore-secondling", "--yes")
    assert (error["code"], error["params"]["other"]) == ("plugins.breaks_other", "castcore-firstling")
    gone = place.do("uninstall", "castcore-firstling", "--yes")
    assert gone["stays"] == ["shared-lib 1.0"]


@pytest.mark.parametrize(
    ("requirement", "code"),
    [
        ("castcore-nowhere", "plugins.not_found"),
        ("plainlib", "plugins.not_a_plugin"),
        ("--index-url=http://127.0.0.1/simple", None),
        ("castcore-x @ http://127.0.0.1/x.whl", "plugins.requirement_invalid"),
        ("http://127.0.0.1/x.whl", "plugins.requirement_invalid"),
        ("./nowhere", "plugins.target_missing"),
        ("castcore-x; python_version > '3'", "plugins.requirement_invalid"),
        ("castcore-x\n--index-url=http://127.0.0.1", "plugins.requirement_invalid"),
    ],
)
def test_what_cannot_be_had_is_refused(place: Place, requirement: str, code: str | None) -> None:
    write_wheel(place.index, "plainlib", entry=False, requires=())
    if code is None:
        said = place.do("install", "--yes", "--", requirement, status=ExitStatus.INPUT)
        assert said["error"]["code"] == "plugins.requirement_invalid"
        return
    assert place.refused("install", requirement, "--yes")["code"] == code


def test_what_is_missing_is_named(place: Place) -> None:
    wheel = write_wheel(place.index, "needling", requires=("castcore-sdk>=1,<2", "nowhere-lib>=9"))
    for requirement in ("castcore-needling", str(wheel)):
        error = place.refused("install", requirement, "--yes")
        params = {"plugin": "castcore-needling", "needs": "nowhere-lib>=9"}
        assert (error["code"], error["params"]) == ("plugins.dependency_missing", params)
    error = place.refused("install", "castcore-needling==99", "--yes")
    assert (error["code"], error["params"]) == ("plugins.not_found", {"requirement": "castcore-needling==99"})


def test_only_what_is_installed_is_upgraded(place: Place) -> None:
    write_wheel(place.index, "seedling", "1.0")
    place.do("install", "castcore-seedling", "--yes")
    write_wheel(place.index, "seedling", "1.1")
    write_wheel(place.index, "strangerling", "9.9")
    assert place.refused("upgrade", "castcore-strangerling", "--yes")["code"] == "plugins.unknown"
    assert place.do("upgrade", "seedling<2", "--yes")["changes"][0]["after"] == "1.1"


@pytest.mark.parametrize(
    "text", ["-r file", "", "  ", "\x00", "a" * 301, "a b", "git+https://host/x", "x @ file:///etc"]
)
def test_hostile_requirements_never_reach_pip(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Wanted.parse(text, local=False)
    assert caught.value.code == "plugins.requirement_invalid"


def test_over_the_api_a_path_is_no_requirement(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "seedling")
    assert Wanted.parse(str(wheel), local=True).argument == f"castcore-seedling @ {wheel.as_uri()}"
    with pytest.raises(ConfigurationError):
        Wanted.parse(str(wheel), local=False)
    (tmp_path / "castcore-seedling").mkdir()
    assert Wanted.parse("castcore-seedling>=1,<2", local=True).argument == "castcore-seedling<2,>=1"


def test_a_wheel_of_this_machine(place: Place, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "seedling")
    assert place.do("install", wheel, "--yes")["plugins"] == ["seedling"]


def test_nothing_is_built_unless_that_is_asked_for(place: Place, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    write_source(place.index, "seedling", ran=ran)
    error = place.refused("install", "castcore-seedling", "--yes")
    assert (error["code"], error["params"]) == ("plugins.source_only", {"name": "castcore-seedling"})
    write_wheel(place.index, "needling", requires=("castcore-sdk>=1,<2", "castcore-seedling"))
    assert place.refused("install", "castcore-needling", "--yes")["params"] == {"name": "castcore-seedling"}
    assert place.refused("install", "castcore-nowhere", "--yes")["code"] == "plugins.not_found"
    assert not ran.exists()
    assert place.do("install", "castcore-seedling", "--yes", "--allow-source")["plugins"] == ["seedling"]
    assert ran.exists()


def test_a_newer_source_does_not_take_the_place_of_the_wheel_in_the_report(place: Place, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    write_wheel(place.index, "seedling", "1.0")
    write_source(place.index, "seedling", "1.1", ran=ran)
    assert place.do("install", "castcore-seedling", "--yes")["changes"][0]["after"] == "1.0"
    assert place.refused("upgrade", "castcore-seedling>=1.1", "--yes")["code"] == "plugins.source_only"
    assert not ran.exists()
    said = place.do("upgrade", "castcore-seedling", "--yes", "--allow-source")
    assert said["changes"][0]["after"] == "1.1"


def test_a_folder_that_is_named_is_built(place: Place, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    with tarfile.open(write_source(tmp_path, "seedling", ran=ran)) as archive:
        archive.extractall(tmp_path, filter="data")
    assert place.do("install", f"{tmp_path}/castcore_seedling-1.0", "--yes")["plugins"] == ["seedling"]
    assert ran.exists()


def test_nothing_happens_unconfirmed(place: Place) -> None:
    write_wheel(place.index, "seedling")
    error = place.do("install", "castcore-seedling", status=ExitStatus.USAGE)["error"]
    assert error["code"] == "plugins.install_unconfirmed"
    assert place.states() == {}


def test_one_at_a_time(place: Place) -> None:
    write_wheel(place.index, "seedling")
    (place.data / "plugins").mkdir(parents=True, exist_ok=True)
    with (place.data / "plugins/install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert place.refused("install", "castcore-seedling", "--yes")["code"] == "plugins.install_busy"


def test_what_a_kill_left_half_done_is_taken_back_first(place: Place) -> None:
    write_wheel(place.index, "seedling", "1.0")
    place.do("install", "castcore-seedling", "--yes")
    before = place.files()
    package = place.venv.site / "castcore_seedling"
    keeping = Keeping(place.data / "plugins/kept", place.venv.folder)
    (info,) = place.venv.site.glob("castcore_seedling-*.dist-info")
    from importlib.metadata import PathDistribution

    keeping.begin([Change("castcore-seedling", "1.0", "1.1", True)], {"castcore-seedling": PathDistribution(info)})
    (package / "__init__.py").unlink()
    (info / "METADATA").unlink()
    assert place.refused("install", "castcore-nowhere", "--yes")["code"] == "plugins.not_found"
    assert place.files() == before
    assert place.states() == {"seedling": "loaded"}


def test_unknown_and_fixed_ones_are_not_removed(place: Place) -> None:
    assert place.refused("uninstall", "nobody", "--yes")["code"] == "plugins.unknown"
    assert place.refused("uninstall", "builtin", "--yes")["code"] == "plugins.builtin_fixed"
    assert place.refused("uninstall", "castcore-sdk", "--yes")["code"] == "plugins.unknown"
    error = place.refused("uninstall", "vaapi", "--yes")  # lent from outside of this environment
    assert (error["code"], error["params"]["name"]) == ("plugins.uninstall_failed", "castcore-vaapi")
    assert place.do("disable", "builtin", status=ExitStatus.INPUT)["error"]["code"] == "plugins.builtin_fixed"
    assert place.do("enable", "nobody", status=ExitStatus.INPUT)["error"]["code"] == "plugins.unknown"


def test_only_inside_a_virtual_environment_that_can_be_written(tmp_path: Path) -> None:
    here = Environment.here()
    outside = Environment(prefix=tmp_path, base_prefix=tmp_path, packages=tmp_path, python=here.python)
    closed = Environment(prefix=tmp_path, base_prefix=here.base_prefix, packages=Path("/proc/self"), python=here.python)
    for environment, code in ((outside, "plugins.not_in_venv"), (closed, "plugins.install_readonly")):
        with pytest.raises(ConfigurationError) as caught:
            environment.require_changeable()
        assert caught.value.code == code


def test_pins_hold_the_core_and_all_it_needs() -> None:
    found = pins()
    assert {"castcore", "castcore-sdk", "pydantic", "pydantic-core", "quart", "werkzeug", "cffi"} <= found.keys()
    assert "pytest" not in found
    assert found["pydantic"] == pydantic.VERSION


def test_pip_sees_where_packages_come_from_and_nothing_else() -> None:
    given = {"PIP_INDEX_URL": "a", "PIP_TARGET": "/", "PIP_CONSTRAINT": "b", "CASTCORE_KEY": "s", "HTTPS_PROXY": "p"}
    assert environment_of({**os.environ, **given}).keys() & given.keys() == {"PIP_INDEX_URL", "HTTPS_PROXY"}
