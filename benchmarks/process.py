"""What processes cost: CPU time of a whole tree and proportional memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil


def cpu_seconds(pid: int) -> float:
    """Return user and system seconds of a process and all its descendants, the ended ones included."""
    process = psutil.Process(pid)
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def own_cpu_seconds(pid: int) -> float:
    """Return user and system seconds of one process with its threads, without its children."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def pss_bytes(pid: int) -> int:
    """Return the proportional set size of one process: its own memory and its share of what it shares."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no Pss for {pid}")


def ffmpeg_children(pid: int) -> int:
    """Return how many ffmpeg processes run below a process."""
    return sum("ffmpeg" in child.name() for child in psutil.Process(pid).children(recursive=True))


class SinkProcess:
    """``benchmarks/sink.py`` as a context manager."""

    def __enter__(self) -> SinkProcess:
        script = Path(__file__).with_name("sink.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def url(self, key: str) -> str:
        """Return the address to publish ``key`` to."""
        return f"rtmp://127.0.0.1:{self.port}/live/{key}"

    def stamps(self) -> list[tuple[str, int, int, str]]:
        """Return what arrived since the last call."""
        return [tuple(one) for one in self._ask("stamps")]

    def counts(self) -> dict[str, list[int]]:
        """Return publishers, video tags and bytes by key."""
        return dict(self._ask("counts"))

    def _ask(self, question: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(question + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())
