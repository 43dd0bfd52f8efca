"""Open media inside of the worker, and say in a code why it cannot be opened."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import av
import av.logging
from av.container import InputContainer

from castcore_core.ffmpeg.diagnosis import diagnose
from castcore_core.media.reading import MOST_PIXELS

_LEADING = frozenset({"avisynth", "concat", "dash", "hls", "imf", "rtsp", "sdp", "vapoursynth", "vobsub"})
"""Demuxers of files that hold no media but lead to it: to other files, or anywhere in the network."""
_HOLDING = ",".join(sorted(av.formats_available - _LEADING))

_SIGNATURES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")
"""Types of the first box of an MP4 or QuickTime file (ISO/IEC 14496-12, QuickTime File Format)."""


class Refused(Exception):
    """The media cannot be used; ``code`` says why."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@contextmanager
def opened(request: Mapping[str, Any], data: bytes) -> Iterator[tuple[InputContainer, int | None]]:
    """Open what the request names: its container, and the size of a file. Raises Refused, also for what fails later."""
    kind, timeout = request["kind"], float(request["timeout"])
    path: str | None = None
    size: int | None = None
    what: str | io.BytesIO = ""
    if kind == "path":
        path = request["location"]
        size = _check_file(path)
        what, options = f"file:{path}", {"pattern_type": "none"}
    elif kind == "bytes":
        what, options = io.BytesIO(data), {}
    else:
        what, options = request["location"], _network_options(request)
    options["max_pixels"] = str(MOST_PIXELS)
    if request.get("stored") or kind == "path":
        options["format_whitelist"] = _HOLDING
    with av.logging.Capture(local=False) as lines:
        try:
            with av.open(what, mode="r", format=request.get("format"), options=options, timeout=timeout) as container:
                yield container, size
        except av.error.ExitError:
            raise Refused("media.probe_timeout", seconds=round(timeout)) from None
        except (av.FFmpegError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            log = [message for _, _, message in lines]
            raise _explain([*log, f"Error opening input: {reason}"], path, remote=kind == "url") from None


_NO_MEDIA = ("ffmpeg.source_invalid", "ffmpeg.failed", "ffmpeg.source_no_index", "ffmpeg.source_replaced")
"""The last is what ffmpeg says of a container that is not allowed: here nobody has looked into the file before."""


def _explain(log: list[str], path: str | None, *, remote: bool) -> Refused:
    found = diagnose(log)
    if path is not None and found.code == "ffmpeg.source_no_index":
        # FFmpeg takes any file called .mp4 for one without an index: only a real box at its start makes it one
        return Refused("media.truncated" if _starts_like_mp4(path) else "media.not_media")
    if not remote or found.code in _NO_MEDIA:
        return Refused("media.not_media")
    return Refused(found.code, **{key: value for key, value in found.params.items() if isinstance(value, str | int)})


def _starts_like_mp4(path: str) -> bool:
    try:
        with open(path, "rb") as file:  # noqa: PTH123  a name of arbitrary bytes
            return file.read(8)[4:] in _SIGNATURES
    except OSError:  # it has gone meanwhile
        return False


def _check_file(path: str) -> int:
    """Return the size of a file that can be read; raise Refused for anything that is not one, without waiting on it."""
    try:
        status = os.stat(path)  # noqa: PTH116
        if stat.S_ISDIR(status.st_mode):
            raise Refused("media.is_directory")
        if not stat.S_ISREG(status.st_mode):
            raise Refused("media.not_a_file")
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except (FileNotFoundError, NotADirectoryError):
        raise Refused("media.not_found") from None
    except PermissionError:
        raise Refused("media.unreadable") from None
    except ValueError:
        raise Refused("media.not_found") from None
    except OSError as error:
        long = error.errno == errno.ENAMETOOLONG
        raise Refused("media.path_too_long" if long else "media.unreadable") from None
    if status.st_size == 0:
        raise Refused("media.empty")
    return status.st_size


def _network_options(request: Mapping[str, Any]) -> dict[str, str]:
    scheme = request["location"].partition("://")[0].lower()
    wait = str(int(float(request["timeout"]) * 1_000_000))
    options = {"rtsp_transport": "tcp", "timeout": wait} if scheme in ("rtsp", "rtsps") else {"rw_timeout": wait}
    if scheme in ("https", "rtsps"):
        options |= {"tls_verify": "1", "ca_file": request["ca_file"]}
    return options
