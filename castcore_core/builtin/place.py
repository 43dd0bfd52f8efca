"""Places in the file system that a destination writes to: their names, and whether they can be written."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from urllib.parse import unquote
from uuid import uuid4

from castcore_sdk import ConfigurationError

LONGEST_PATH = 4095
"""Bytes: Linux' PATH_MAX less its NUL."""
_LONGEST_NAME = 255
_NOT_IN_PATH = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")


def absolute_path(text: str) -> str:
    """Check and normalise an absolute path. Raise ConfigurationError. Pure: looks at no file.

    Control characters are refused: such names break playlists, logs and terminals.
    """
    if not text:
        raise ConfigurationError("destinations.path_empty")
    if _NOT_IN_PATH.search(text):
        raise ConfigurationError("destinations.path_character")
    if not text.startswith("/"):
        raise ConfigurationError("destinations.path_not_absolute")
    path = os.path.normpath(text).replace("//", "/", 1)
    names = path.split("/")
    if len(path.encode()) > LONGEST_PATH or any(len(name.encode()) > _LONGEST_NAME for name in names):
        raise ConfigurationError(
            "destinations.path_too_long", params={"longest": LONGEST_PATH, "longest_name": _LONGEST_NAME}
        )
    return path


def path_from_url(url: str, scheme: str) -> str:
    """Read ``SCHEME:PATH`` (literally; ``~`` and relative paths as in a shell) or ``SCHEME:///PATH`` (RFC 8089)."""
    found, colon, text = url.partition(":")
    if not colon or found.lower() != scheme:
        raise ConfigurationError("destinations.scheme_unknown", params={"known": f"{scheme}:"})
    if not text:
        raise ConfigurationError("destinations.path_empty")
    if text.startswith("//"):
        host, slash, rest = text[2:].partition("/")
        if not slash or host.lower() not in ("", "localhost"):
            raise ConfigurationError("destinations.path_not_absolute")
        return absolute_path("/" + unquote(rest))
    if _NOT_IN_PATH.search(text):
        raise ConfigurationError("destinations.path_character")
    return absolute_path(os.path.abspath(os.path.expanduser(text)))  # noqa: PTH100, PTH111  no file is looked at


def require_folder(folder: Path, *, make: bool = False) -> None:
    """Raise ConfigurationError unless ``folder`` exists (or could be made now) and takes new files."""
    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        if not folder.is_dir():
            code = "destinations.not_a_directory" if folder.exists() else "destinations.folder_missing"
            raise ConfigurationError(code, params={"path": str(folder)})
        _try_to_write(folder)
    except (FileExistsError, NotADirectoryError):
        raise ConfigurationError("destinations.not_a_directory", params={"path": str(folder)}) from None
    except OSError as error:
        params = {"path": str(folder), "reason": os.strerror(error.errno or 0)}
        raise ConfigurationError("destinations.not_writable", params=params) from None


def _try_to_write(folder: Path) -> None:
    """Make a file and leave nothing behind; the right alone says little on a full or read-only disk. Raise OSError."""
    try:
        os.close(os.open(folder, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR):
            raise
        # The file system knows no files without a name (NFS, FUSE).
        name = folder / f".castcore-{uuid4().hex}"
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        name.unlink()


def nearest_folder(path: Path) -> Path:
    """Return ``path`` or the nearest thing above it that exists."""
    return next((place for place in (path, *path.parents) if place.exists()), Path("/"))
