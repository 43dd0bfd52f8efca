"""The tutorials are followed to the letter: what they say to type is typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from castcore_core.plugins.scaffold import SHAPES, write_plugin
from servers.nginx import NginxRtmp, nginx
from servers.venv import Venv, bare, share

__all__ = ["nginx"]

DOCS = Path(__file__).parents[2] / "docs/plugins"
MOST_LINES = 40
"""What a destination may cost its author."""


def files(page: str) -> dict[str, str]:
    """Return the files that a page shows, by path."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return dict(re.findall(r"^`(\S+)`:\n\n```\w+\n(.*?)^```", text, re.DOTALL | re.MULTILINE))


def commands(page: str) -> list[list[str]]:
    """Return what a page says to type."""
    text = (DOCS / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [shlex.split(line) for block in blocks for line in block.splitlines() if line]


def names() -> dict[str, str]:
    """Return the name that each kind's tutorial gives to its plugin."""
    return {kind: commands(f"{kind}.md")[0][3] for kind in SHAPES}


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Venv:
    """An environment with CastCore and its kit."""
    made = bare(tmp_path_factory.mktemp("tutorial") / "venv")
    share(made)
    return made


@pytest.mark.parametrize("kind", SHAPES)
def test_every_kind_has_a_tutorial_that_begins_with_its_tree(kind: str) -> None:
    assert commands(f"{kind}.md")[0] == ["castcore", "plugin", "new", names()[kind], "--kind", kind]
    assert files(f"{kind}.md"), "no file is shown"


@pytest.mark.parametrize("kind", [kind for kind in SHAPES if kind != "destination"])
def test_what_a_tutorial_shows_passes_its_suite(kind: str, venv: Venv, tmp_path: Path) -> None:
    tree = write_plugin(names()[kind], kind, folder=tmp_path / "tree").folder
    for path, text in files(f"{kind}.md").items():
        assert (tree / path).is_file(), f"{path} is not in the tree"
        (tree / path).write_text(text, encoding="utf-8")
    found = venv.run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tree)
    assert found.returncode == 0, found.stdout + found.stderr


def test_a_destination_from_nothing_to_a_stream(nginx: NginxRtmp, venv: Venv, tmp_path: Path) -> None:
    """By the page alone: only the server's port is another one, and the build takes its tools from here."""
    shown = files("destination.md")
    assert list(shown) == ["castcore_mytube/destination.py"]
    lines = [line for text in shown.values() for line in text.splitlines() if line.strip()]
    assert len(lines) < MOST_LINES
    environment = {"CASTCORE_DATA_DIR": str(tmp_path / "data"), "CASTCORE_CACHE_DIR": str(tmp_path / "cache")}
    place, said = tmp_path, ""
    for words in commands("destination.md"):
        if words[0] == "cd":
            place = place / words[1]
            for path, text in shown.items():
                (place / path).write_text(text.replace("localhost:1935", f"127.0.0.1:{nginx.port}"), encoding="utf-8")
            continue
        done = venv.run(*_program(words), cwd=place, env=environment)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        said += done.stdout
    assert "mytube" in said
    assert nginx.publishers("studio") == ["studio"]


def _program(words: list[str]) -> list[str]:
    """Return what Python is given to run the command."""
    name, *rest = words
    if name == "castcore":
        return ["-c", "from castcore_core.cli import main; main()", *rest]
    if name == "pytest":
        return ["-m", "pytest", "-q", "-p", "no:cacheprovider", *rest]
    assert words[:3] == ["python", "-m", "build"]
    return ["-m", "build", "--no-isolation", *words[3:]]


def test_the_index_names_every_page() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    pages = {path.name for path in DOCS.glob("*.md")} - {"index.md"}
    assert pages == set(re.findall(r"\]\(([a-z-]+\.md)\)", index))
