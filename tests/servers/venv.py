"""Virtual environments in a second: the libraries are those of this one, the rest is as a user would have it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SDK = ROOT / "plugin_sdk"


@dataclass(frozen=True)
class Venv:
    """An environment of its own in ``folder``."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin/python"

    @property
    def site(self) -> Path:
        (found,) = self.folder.glob("lib/python*/site-packages")
        return found

    def run(
        self, *arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 110
    ) -> subprocess.CompletedProcess[str]:
        """Run its Python, without the network and with nobody's settings."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CASTCORE_", "PIP_"))}
        kept |= {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        kept["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # an author has none of ours
        for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
            kept.pop(name, None)
        command = [str(self.python), *map(str, arguments)]
        return subprocess.run(
            command, cwd=cwd, env={**kept, **(env or {})}, capture_output=True, text=True, timeout=timeout, check=False
        )

    def pip(self, *arguments: str | Path, cwd: Path) -> None:
        """Let this environment's pip work in it; it fails the test if it fails."""
        command = [sys.executable, "-m", "pip", "--python", str(self.python), *map(str, arguments)]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        kept |= {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        done = subprocess.run(command, cwd=cwd, env=kept, capture_output=True, text=True, timeout=110, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def bare(folder: Path) -> Venv:
    """Make an environment with nothing in it, not even pip."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=60)
    return Venv(folder)


def lend(venv: Venv, *requirements: str) -> set[str]:
    """Link what ``requirements`` need, and nothing else, from this environment into ``venv``; return their names.

    Only for what nobody uninstalls there. What is ours is left out: it is installed for real.
    """
    lent: set[str] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name.startswith("castcore"):
            continue
        extras = ("", *wanted.extras)
        try:
            found = distribution(wanted.name)
        except PackageNotFoundError:
            continue  # another platform's, or optional
        if name not in lent:
            lent.add(name)
            _link(found, venv.site)
        for line in found.requires or ():
            needed = Requirement(line)
            applies = needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras)
            if applies and not (canonicalize_name(needed.name) in lent and not needed.extras):
                waiting.append(needed)
    return lent


def share(venv: Venv, *, without: Iterable[str] = ()) -> None:
    """Let ``venv`` import everything of this environment, source trees included; its pip leaves all of it alone.

    Source trees whose path ends with one of ``without`` are left out.
    """
    here = Path(sysconfig.get_path("purelib"))
    trees = [
        line.strip()
        for file in sorted(here.glob("*.pth"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.startswith("/")
    ]
    kept = [tree for tree in trees if not tree.endswith(tuple(without))]
    (venv.site / "shared.pth").write_text("\n".join([str(here), *kept]) + "\n", encoding="utf-8")


def _link(found: Distribution, site: Path) -> None:
    for top in {Path(str(file)).parts[0] for file in found.files or ()}:
        source = Path(str(found.locate_file(top)))
        if top not in ("..", "__pycache__") and not top.endswith(".pth") and source.exists():
            (site / top).exists() or (site / top).symlink_to(source)
