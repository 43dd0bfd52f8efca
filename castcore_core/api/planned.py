"""Paths that later versions serve; until then they answer 501 on purpose."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NoReturn

from quart import Quart
from quart_schema import hide

from castcore_core.error import UnavailableError

PLANNED: dict[str, dict[str, str]] = {
    "channels": {
        "/channels": "GET POST",
        "/channels/<id>": "GET PATCH DELETE",
        "/channels/<id>/epg.xml": "GET",
        "/channels/<id>/playlist.m3u": "GET",
        "/channels/<id>/simulate": "POST",
    },
    "playlists": {
        "/playlists": "GET POST",
        "/playlists/<id>": "GET PATCH DELETE",
        "/playlists/<id>/items": "POST",
        "/playlists/<id>/resolve": "GET",
    },
    "recordings": {
        "/recordings": "GET",
        "/recordings/<id>": "GET DELETE",
        "/stream-jobs/<id>/recording": "POST",
    },
    "replay": {"/replay": "GET POST", "/replay/<id>": "PATCH"},
    "scheduler": {"/scheduler": "GET POST", "/scheduler/<id>": "GET PATCH DELETE"},
    "backups": {
        "/backups": "GET POST",
        "/backups/<id>/download": "GET",
        "/backups/<id>/restore": "POST",
    },
    "updates": {"/update/state": "GET", "/update/check": "POST", "/update/migrate": "POST"},
}
"""Feature → path below ``/api/v1`` → methods. Whoever builds a feature takes its lines out of here."""


def install(app: Quart, prefix: str) -> None:
    """Let every planned path of ``app`` answer ``feature.not_available``; the OpenAPI document leaves them out."""
    for feature, paths in PLANNED.items():
        view = _view(feature)
        for path, methods in paths.items():
            app.add_url_rule(f"{prefix}{path}", f"planned.{feature}{path}", view, methods=methods.split())


def _view(feature: str) -> Callable[..., Awaitable[NoReturn]]:
    @hide
    async def unavailable(**_path: str) -> NoReturn:
        raise UnavailableError("feature.not_available", params={"feature": feature})

    return unavailable
