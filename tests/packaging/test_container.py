"""The container file, as far as it can be tried without a container engine."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from castcore_core.config.model import Configuration
from servers.castcore import server

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "packaging/Containerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()


def told(instruction: str) -> list[str]:
    """Return what stands behind every ``instruction``, in order."""
    return [line.split(" ", 1)[1].strip() for line in LINES if line.startswith(f"{instruction} ")]


def test_what_is_copied_is_there() -> None:
    copied = [words.split()[:-1] for words in told("COPY") if not words.startswith("--from")]
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for path in (path for paths in copied for path in paths):
        assert re.search(rf"^{re.escape(path)}(/|$)", tracked, re.MULTILINE), path


def test_the_build_copies_what_the_distribution_is_made_of() -> None:
    copied = " ".join(told("COPY")).split()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = {project["project"]["readme"], "constraints.txt", "pyproject.toml"}
    wanted |= {name.split("/")[0] for name in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]}
    wanted |= {name for name in project["project"]["license-files"] if "/" not in name}
    assert wanted <= set(copied)


def test_it_installs_the_projects_of_the_makefile() -> None:
    (projects,) = re.findall(r"^PROJECTS := (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    (installed,) = (words for words in told("RUN") if "pip install" in words)
    paths = [word.removeprefix("./") for word in installed.split("--no-cache-dir")[1].split()]
    assert paths == projects.replace("$(PLUGINS)", "plugins/*").split()


def test_the_server_is_the_child_of_a_small_init_and_not_root() -> None:
    assert told("USER")[-1] == "10001:10001"
    assert json.loads(told("ENTRYPOINT")[-1])[:2] == ["tini", "--"]
    assert json.loads(told("CMD")[-1]) == ["serve"]
    assert told("VOLUME") == ["/data"]


def test_its_environment_is_known_to_the_configuration() -> None:
    names = re.findall(r"CASTCORE_(\w+)=", " ".join(told("ENV")))
    assert {"DATA_DIR", "HOST", "PORT"} == set(names)
    assert {name.lower() for name in names} <= set(Configuration.model_fields)


@pytest.mark.parametrize("lives", [True, False])
def test_the_health_check_tells_the_truth(tmp_path: Path, lives: bool) -> None:
    _, program = told("HEALTHCHECK")[0].split("CMD ", 1)
    check = json.loads(program)
    with server(tmp_path / "data") as running:
        assert check[-1].count("http://127.0.0.1:8080/") == 1
        code = check[-1].replace("http://127.0.0.1:8080", running.address)
        if not lives:
            running.stop()
        done = subprocess.run([sys.executable, *check[1:-1], code], capture_output=True, timeout=20, check=False)
    assert (done.returncode == 0) is lives, done.stderr
