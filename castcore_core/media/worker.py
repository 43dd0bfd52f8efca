"""The process that opens untrusted media: ``python -m castcore_core.media.worker``.

A request comes as one line of JSON on standard input, bytes to probe behind it; the answer goes to standard output as
JSON, ``{"info": …}`` or ``{"code": …, "params": …}``. The process limits itself, so that hostile media can only end it.
"""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import stat
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

import av
import av.logging

from castcore_core.ffmpeg.diagnosis import diagnose
from castcore_core.media.reading import NotMedia, read

MEMORY_BYTES = 2 << 30
"""Address space: FFmpeg's libraries and threads reserve about a third of it."""
CPU_SECONDS = 10

_SIGNATURES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")
"""Types of the first box of an MP4 or QuickTime file (ISO/IEC 14496-12, QuickTime File Format)."""


class Refused(Exception):
    """The media cannot be used; ``code`` says why."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def main() -> None:
    """Answer one request."""
    request = json.loads(sys.stdin.buffer.readline())
    _limit(request["timeout"])
    try:
        answer: dict[str, Any] = {"info": _probe(request, sys.stdin.buffer)}
    except Refused as refusal:
        answer = {"code": refusal.code, "params": refusal.params}
    except NotMedia as refusal:
        answer = {"code": refusal.code, "params": {}}
    json.dump(answer, sys.stdout)


def _limit(seconds: float) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # the parent kills a late worker; a parent that has died cannot
    signal.setitimer(signal.ITIMER_REAL, seconds + 5)


def _probe(request: Mapping[str, Any], stdin: BinaryIO) -> dict[str, Any]:
    kind, timeout = request["kind"], float(request["timeout"])
    if kind == "path":
        size = _check_file(request["location"])
        return _open(
            "file:" + request["location"], {"pattern_type": "none"}, timeout, size=size, path=request["location"]
        )
    if kind == "bytes":
        return _open(io.BytesIO(stdin.read()), {}, timeout, form=request["format"])
    return _open(request["location"], _network_options(request), timeout)


def _open(
    what: str | io.BytesIO,
    options: dict[str, str],
    timeout: float,
    *,
    size: int | None = None,
    path: str | None = None,
    form: str | None = None,
) -> dict[str, Any]:
    av.logging.set_level(av.logging.ERROR)
    with av.logging.Capture(local=False) as lines:
        try:
            with av.open(what, mode="r", format=form, options=options, timeout=timeout) as container:
                return read(container, size=size).to_json()
        except av.error.ExitError:
            raise Refused("media.probe_timeout", seconds=round(timeout)) from None
        except (av.FFmpegError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            log = [message for _, _, message in lines]
            remote = path is None and isinstance(what, str)
            raise _explain([*log, f"Error opening input: {reason}"], path, remote=remote) from None


def _explain(log: list[str], path: str | None, *, remote: bool) -> Refused:
    found = diagnose(log)
    if path is not None and found.code == "ffmpeg.source_no_index":
        # FFmpeg takes any file called .mp4 for one without an index: only a real box at its start makes it one
        return Refused("media.truncated" if _starts_like_mp4(path) else "media.not_media")
    if not remote or found.code in ("ffmpeg.source_invalid", "ffmpeg.failed", "ffmpeg.source_no_index"):
        return Refused("media.not_media")
    return Refused(found.code, **{key: value for key, value in found.params.items() if isinstance(value, str | int)})


def _starts_like_mp4(path: str) -> bool:
    with open(path, "rb") as file:  # noqa: PTH123  a name of arbitrary bytes
        return file.read(8)[4:] in _SIGNATURES


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
        long = error.errno == 36
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


if __name__ == "__main__":
    main()
