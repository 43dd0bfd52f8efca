"""Know a process for certain: its number alone is used again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_START_TIME = 19
"""Field 22 of ``/proc/PID/stat`` (proc(5)), counted after the name's closing bracket."""

_ENDED = ("Z", "X")
"""States of a process that only its parent has not collected yet."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A process: number, start time in clock ticks since boot, and the boot it belongs to."""

    pid: int
    start: int
    boot: str

    def to_json(self) -> dict[str, Any]:
        """Return the identity as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Identity:
        """Read what `to_json` wrote."""
        return cls(int(data["pid"]), int(data["start"]), str(data["boot"]))

    @classmethod
    def of(cls, pid: int) -> Identity:
        """Return the identity of a living process; start 0 where it is gone or the system does not tell."""
        return cls(pid, _start_of(pid), _boot())

    def is_alive(self) -> bool:
        """Say whether this very process still runs."""
        return self.start > 0 and Identity.of(self.pid) == self

    def kill_group(self) -> bool:
        """Kill the process group this process leads. Return whether there was one."""
        if not self.is_alive():
            return False
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        return True


def name_of(job_id: str) -> str:
    """Return the 8 hex digits under which a job's runner is found in the run folder."""
    return hashlib.sha256(job_id.encode()).hexdigest()[:8]


def _start_of(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    fields = stat.rpartition(")")[2].split()
    return 0 if fields[0] in _ENDED else int(fields[_START_TIME])


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
