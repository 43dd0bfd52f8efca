"""Long lists in pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

PER_PAGE = 50


def pages(path: str, here: int, total: int, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return where in a list of ``total`` items page ``here`` is, with the addresses of its neighbours."""
    last = max(1, -(-total // PER_PAGE))

    def address(number: int) -> str:
        return f"{path}?{urlencode({**query, 'page': number})}"

    return {
        "here": here,
        "last": last,
        "before": address(here - 1) if here > 1 else "",
        "after": address(here + 1) if here < last else "",
    }
