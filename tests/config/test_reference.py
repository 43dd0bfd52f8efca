"""The reference page says what the configuration is."""

from __future__ import annotations

import runpy
from pathlib import Path


def test_the_page_is_current() -> None:
    tool = runpy.run_path(str(Path(__file__).parents[2] / "tools/configuration_reference.py"))
    assert tool["FILE"].read_text(encoding="utf-8") == tool["reference"](), "python tools/configuration_reference.py"
