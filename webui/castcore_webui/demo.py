"""The demo's one page: the HLS stream in a player, and where the other outputs are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from quart import Quart, Response, render_template, send_from_directory

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'"
)


def create_app(hls_folder: Path, texts: Mapping[str, str], places: Mapping[str, str], language: str) -> Quart:
    """Return the page's application.

    ``texts`` are the page's sentences (``title``, ``lead``); ``places`` maps a label to an address or a path.
    """
    app = Quart(__name__)

    @app.get("/")
    async def page() -> str:
        return await render_template("demo.html", texts=texts, places=places, language=language)

    @app.get("/hls/<path:name>")
    async def segment(name: str) -> Response:
        answer = await send_from_directory(hls_folder, name)
        answer.headers["Cache-Control"] = "no-cache" if name.endswith(".m3u8") else "max-age=60"
        return answer

    @app.after_request
    async def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return app
