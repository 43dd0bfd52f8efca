"""The Twitch of the plugin's own tests, for those of the core."""

from __future__ import annotations

import sys
from pathlib import Path

_FOLDER = Path(__file__).parents[2] / "plugins" / "castcore-twitch" / "tests"
if str(_FOLDER) not in sys.path:
    sys.path.append(str(_FOLDER))

from twitch_double import KEY, Twitch, twitch  # noqa: E402

__all__ = ["KEY", "Twitch", "twitch"]
