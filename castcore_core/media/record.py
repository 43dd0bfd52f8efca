"""From what storage lists and a probe finds to what the library keeps."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import Any

from castcore_core.db import utc_now
from castcore_core.media.info import MediaInfo
from castcore_core.media.kind import Kind, flags_of, is_streamable, kind_in
from castcore_sdk import CastCoreError, NotFoundError, StorageEntry, TemporaryError

LISTED = ("kind", "size", "modified", "etag", "version")
"""What a listing tells of a file."""
PROBED = (
    *("kind", "state", "code", "params", "again", "duration", "width", "height", "video_codec", "audio_codec"),
    *("streamable", "flags", "info", "thumbnail", "probed_at"),
)
"""What a probe tells of it."""

_DIGEST_BYTES = 16
_ETAG = 1024
_DIMENSION = 2**31 - 1


def place_of(path: str) -> str:
    """Return the digest by which a path is found."""
    return hashlib.blake2b(path.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).hexdigest()


def version_of(entry: StorageEntry) -> str:
    """Return what differs whenever the file may be another: its etag where there is one, else size and time."""
    moment = None if entry.etag or entry.modified is None else entry.modified.timestamp()
    return place_of(f"{entry.etag}\n{entry.size}\n{moment}")


def listed(entry: StorageEntry, kind: Kind) -> dict[str, Any]:
    """Return what is kept of a file before anything is known of what it holds."""
    return {
        "kind": kind,
        "size": entry.size,
        "modified": entry.modified,
        "etag": entry.etag[:_ETAG] if entry.etag else None,
        "version": version_of(entry),
    }


def named(path: str) -> str:
    """Return the name that is shown and sorted by."""
    return PurePosixPath(path).name[:255]


def unread() -> dict[str, Any]:
    """Return the state of a file that has not been read."""
    nothing = dict.fromkeys(("code", "duration", "width", "height", "video_codec", "audio_codec", "info", "probed_at"))
    more = {"state": "unread", "params": {}, "again": False, "streamable": False, "flags": [], "thumbnail": "unknown"}
    return {**nothing, **more}


def ready(info: MediaInfo) -> dict[str, Any]:
    """Return what is kept of media that was read."""
    video, audio = (streams[0] if streams else None for streams in (info.video, info.audio))
    width, height = video.displayed if video is not None else (None, None)  # type: ignore[union-attr]
    return unread() | {
        "kind": kind_in(info),
        "state": "ready",
        "duration": info.duration,
        "width": width,
        "height": height,
        "video_codec": video.codec[:32] if video is not None else None,
        "audio_codec": audio.codec[:32] if audio is not None else None,
        "streamable": is_streamable(info),
        "flags": flags_of(info),
        "info": info.to_json(),
        "probed_at": utc_now(),
    }


def unreadable(error: CastCoreError) -> dict[str, Any]:
    """Return what is kept of media that could not be read; what may pass is tried again with the next scan."""
    return unread() | {
        "state": "unreadable",
        "code": error.code[:64],
        "params": dict(error.params),
        "again": isinstance(error, TemporaryError | NotFoundError),
        "probed_at": utc_now(),
    }
