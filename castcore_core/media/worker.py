"""The process that opens untrusted media: ``python -m castcore_core.media.worker [NICE]``.

Requests come one after the other on standard input, answers go to standard output; either is a line of JSON and the
``length`` bytes that it announces. An answer holds ``info``, ``picture`` or ``code`` with ``params``. The process
limits itself, so that hostile media can only end it, and ends with its standard input.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

import av
import av.logging

from castcore_core.media.opening import Refused, opened
from castcore_core.media.picture import re_encode, thumbnail
from castcore_core.media.reading import NotMedia, read

MEMORY_BYTES = 2 << 30
"""Address space: FFmpeg's libraries and threads reserve about a third of it."""
CPU_SECONDS = 10
"""For one request."""
_FILES = 64

_Answer = tuple[dict[str, Any], bytes]


def main() -> None:
    """Answer requests until standard input ends."""
    requests, answers = sys.stdin.buffer, _own_output()
    if len(sys.argv) > 1:
        os.nice(int(sys.argv[1]))
    _limit()
    av.logging.set_level(av.logging.ERROR)
    av.logging.set_skip_repeated(False)  # the next file may have the same fault as the last
    while line := requests.readline():
        request = json.loads(line)
        data = requests.read(request["length"])
        _begin(request["timeout"])
        answer, body = _answer(request, data)
        signal.setitimer(signal.ITIMER_REAL, 0)
        answers.write(json.dumps({**answer, "length": len(body)}).encode() + b"\n" + body)
        answers.flush()


def _own_output() -> BinaryIO:
    """Return standard output for answers alone; whatever a library writes there goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answers


def _limit() -> None:
    for what, value in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _FILES),
    ):
        resource.setrlimit(what, (value, value))


def _begin(seconds: float) -> None:
    """Give the next request its time; SIGXCPU and SIGALRM end the process that needs more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(
        resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + CPU_SECONDS, resource.RLIM_INFINITY)
    )
    # the parent kills a late worker; a parent that has died cannot
    signal.setitimer(signal.ITIMER_REAL, seconds + 5)


def _answer(request: Mapping[str, Any], data: bytes) -> _Answer:
    try:
        return _TASKS[request["task"]](request, data)
    except Refused as refusal:
        return {"code": refusal.code, "params": refusal.params}, b""
    except NotMedia as refusal:
        return {"code": refusal.code, "params": {}}, b""


def _info(request: Mapping[str, Any], data: bytes) -> _Answer:
    with opened(request, data) as (container, size):
        return {"info": read(container, size=size).to_json()}, b""


def _thumbnail(request: Mapping[str, Any], data: bytes) -> _Answer:
    with opened(request, data) as (container, _):
        return {"picture": None}, thumbnail(container, int(request["width"]))


def _picture(request: Mapping[str, Any], data: bytes) -> _Answer:
    with opened(request, data) as (container, _):
        shape, body = re_encode(container)
        return {"picture": shape}, body


_TASKS = {"info": _info, "thumbnail": _thumbnail, "picture": _picture}


if __name__ == "__main__":
    main()
