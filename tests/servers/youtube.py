"""The YouTube of the plugin's own tests, for those of the core."""

from __future__ import annotations

import sys
from pathlib import Path

_FOLDER = Path(__file__).parents[2] / "plugins" / "castcore-youtube" / "tests"
if str(_FOLDER) not in sys.path:
    sys.path.append(str(_FOLDER))

from youtube_double import KEY, YouTube, youtube  # noqa: E402

__all__ = ["KEY", "YouTube", "youtube"]
