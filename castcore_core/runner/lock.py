"""Make sure that one job has one runner."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from castcore_core.runner.error import RunnerError


class JobLock:
    """An exclusive lock on a file, held until `release` or the end of the process; children do not inherit it."""

    def __init__(self, path: Path) -> None:
        """Take the lock. Raise RunnerError (``runner.job_locked``) while another process holds it."""
        self._path = path
        while True:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(self._fd, 32, 0).decode("ascii", "replace").strip()
                os.close(self._fd)
                raise RunnerError("runner.job_locked", {"pid": int(holder) if holder.isdigit() else 0}) from None
            if self._is_current():
                break
            os.close(self._fd)
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Remove the file and let the lock go. May be called twice."""
        if self._fd >= 0:
            self._path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = -1

    def _is_current(self) -> bool:
        """Say whether the locked file is still the one under its name: its holder may have removed it meanwhile."""
        try:
            return os.path.samestat(os.fstat(self._fd), os.stat(self._path))  # noqa: PTH116
        except FileNotFoundError:
            return False
