"""The encoder plugins lie beside the core and are not installed in a development environment."""

from __future__ import annotations

import sys
from pathlib import Path

for folder in sorted((Path(__file__).parents[2] / "plugins").glob("castcore-*")):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
