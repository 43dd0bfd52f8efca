"""Each plugin's own tests pass as its author runs them: in its folder, with its own settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("folder", sorted(path.name for path in (ROOT / "plugins").glob("castcore-*")))
def test_the_plugins_own_tests_pass(folder: str) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=ROOT / "plugins" / folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "plugin_sdk")},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert re.search(r"\b[1-9]\d* passed", found.stdout)
