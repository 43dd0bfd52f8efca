"""Start a real server for a test and take it down again."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest


def require(*names: str, folders: Sequence[str] = ()) -> list[str]:
    """Return the paths of programs, or skip the test by name."""
    search = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *folders])
    found = [shutil.which(name, path=search) for name in names]
    missing = [name for name, path in zip(names, found, strict=True) if path is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    return [path for path in found if path]


def free_port() -> int:
    """Return a port that nobody uses at the moment."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def service_user(name: str) -> str | None:
    """Return the user to run a server as that refuses root; ``None`` where the test is not root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name).pw_name
    except KeyError:
        return "nobody"


@contextmanager
def running(argv: Sequence[str], ready: Callable[[], bool], log: Path, *, user: str | None = None) -> Iterator[None]:
    """Run ``argv`` until the end of the block; fail with its log where it is not ``ready`` within 20 s."""
    with log.open("ab") as output:
        process = subprocess.Popen(argv, stdout=output, stderr=output, stdin=subprocess.DEVNULL, user=user, cwd="/")
    try:
        until = time.monotonic() + 20
        while not ready():
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"{argv[0]} did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def listens(port: int) -> bool:
    """Tell whether somebody accepts connections on the loopback port."""
    with closing(socket.socket()) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
