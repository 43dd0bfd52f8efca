"""Who renews an account's tokens: a process, known for certain to whoever shares its machine and process numbers."""

from __future__ import annotations

import os
from pathlib import Path

from castcore_core.runner.identity import Identity


def myself() -> str:
    """Return this process as a claim names it."""
    me = Identity.of(os.getpid())
    return f"{me.boot} {_namespace()} {me.pid} {me.start}"


def is_gone(claimant: str) -> bool:
    """Say whether the process that claimed has ended; one of another machine or container is never said to."""
    try:
        boot, namespace, pid, start = claimant.split(" ")
        process = Identity(int(pid), int(start), boot)
    except ValueError:
        return False
    here = Identity.of(os.getpid())
    return boot == here.boot and namespace == _namespace() and not process.is_alive()


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return "-"
