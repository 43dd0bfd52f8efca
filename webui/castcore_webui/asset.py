"""Scripts and styles: addresses that change with their content, so that browsers may keep them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from quart import Response, request, send_from_directory

FOLDER = Path(__file__).parent / "static"
_KEPT = "public, max-age=31536000, immutable"


def asset(name: str) -> str:
    """Return the address of a file in ``static``; with a mark of its content where it exists."""
    file = FOLDER / name
    return f"/static/{name}?v={_mark(file, file.stat().st_mtime_ns)}" if file.is_file() else f"/static/{name}"


async def send_asset(name: str) -> Response:
    """Send a file of ``static``; 404 where there is none."""
    response = await send_from_directory(FOLDER, name)
    response.headers["Cache-Control"] = _KEPT if "v" in request.args or "/part-" in name else "no-cache"
    return response


@cache
def _mark(file: Path, modified: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
