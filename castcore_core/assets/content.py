"""Know an upload by its first bytes, and let a worker make something of it that is safe to keep."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from castcore_core.media.info import MediaInfo
from castcore_core.media.kind import is_streamable
from castcore_core.media.pool import Pool
from castcore_core.media.probe import located
from castcore_sdk import CastCoreError, ConfigurationError, TemporaryError

LONGEST_FILM = 10.0
"""Seconds. A slate is held in memory, and encoded before it is needed."""
_LARGEST_FILM = (3840, 2160)
_SECONDS = 20.0
_HEAD = 16
_FORMS = (
    # first bytes, FFmpeg's demuxer
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "png_pipe"),
    (re.compile(rb"\xff\xd8\xff"), "jpeg_pipe"),
    (re.compile(rb"GIF8[79]a"), "gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "webp_pipe"),
    (re.compile(rb".{4}ftyp", re.DOTALL), "mov"),
)
SUFFIXES: Mapping[str, str] = {"image/png": "png", "image/jpeg": "jpg", "video/mp4": "mp4"}
"""Every type that is kept and served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What an upload holds."""

    kind: Literal["image", "video"]
    media_type: str
    width: int
    height: int
    duration: float | None = None
    body: bytes | None = None
    """The picture made anew; None: the file is kept as it came."""


async def examine(path: Path, pool: Pool) -> Content:
    """Return what the file holds.

    Raises ConfigurationError ``assets.type_unknown``, ``assets.unreadable``, ``assets.film_too_long`` …; TemporaryError
    where no worker is free.
    """
    form = _form(path)
    if form is None:
        raise ConfigurationError("assets.type_unknown", field="file")
    place = {**located(path), "format": form}
    task = "info" if form == "mov" else "picture"
    try:
        answer = await pool.ask({"task": task, **place}, _SECONDS)
    except TemporaryError:
        raise
    except CastCoreError as error:
        raise ConfigurationError("assets.unreadable", field="file", params={"cause": error.code}) from None
    if form == "mov":
        return _film(answer.info())
    shape = answer.message["picture"]
    if shape["media_type"] not in SUFFIXES or not answer.body:
        raise ConfigurationError("assets.unreadable", field="file", params={"cause": "media.no_picture"})
    return Content(
        kind="image",
        media_type=shape["media_type"],
        width=int(shape["width"]),
        height=int(shape["height"]),
        body=answer.body,
    )


def _form(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return next((form for pattern, form in _FORMS if pattern.match(head)), None)


def _film(info: MediaInfo) -> Content:
    if not is_streamable(info) or not info.duration:
        raise ConfigurationError("assets.unreadable", field="file", params={"cause": "media.no_video"})
    width, height = info.video[0].displayed
    if info.duration > LONGEST_FILM:
        params = {"seconds": round(info.duration, 1), "most": LONGEST_FILM}
        raise ConfigurationError("assets.film_too_long", field="file", params=params)
    if max(width, height) > _LARGEST_FILM[0] or min(width, height) > _LARGEST_FILM[1]:
        raise ConfigurationError("assets.film_too_large", field="file", params={"width": width, "height": height})
    return Content(kind="video", media_type="video/mp4", width=width, height=height, duration=info.duration)
