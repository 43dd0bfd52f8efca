"""Run ffmpeg once, bounded in time and in what it may say."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass

ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": os.defpath, "AV_LOG_FORCE_NOCOLOR": "1"}
"""All that a short-lived ffmpeg gets to know of this process's environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a process ended."""

    status: int
    """Exit status; negative: the signal that ended it."""
    output: bytes
    log: str
    seconds: float
    timed_out: bool = False


async def run(command: Sequence[str], *, timeout: float, stdin: bytes = b"") -> Outcome:
    """Run ``command`` to its end, at most ``timeout`` seconds, then kill it. Raises OSError when it cannot be started.

    The process has its own session, so that a kill takes its children too; it dies also when the caller is cancelled.
    """
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=ENVIRONMENT,
        start_new_session=True,
    )
    output, log, late = b"", b"", False
    try:
        async with asyncio.timeout(timeout):
            output, log = await process.communicate(stdin)
    except TimeoutError:
        late = True
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            _, log = await process.communicate()
    return Outcome(
        status=process.returncode if process.returncode is not None else -signal.SIGKILL,
        output=output,
        log=log.decode("utf-8", "replace"),
        seconds=time.monotonic() - started,
        timed_out=late,
    )
