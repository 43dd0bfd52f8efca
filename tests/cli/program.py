"""``castcore`` as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

START = ("-c", "from castcore_core.cli import main; main()")


def environment(folder: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment of the tests' own: no settings of the user, data and cache in ``folder``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CASTCORE_")}
    kept |= {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "COLUMNS": "100", "TERM": "xterm"}
    for name in ("FORCE_COLOR", "NO_COLOR", "PYTHONPATH"):
        kept.pop(name, None)
    return {
        **kept,
        "CASTCORE_DATA_DIR": str(folder / "data"),
        "CASTCORE_CACHE_DIR": str(folder / "cache"),
        **(extra or {}),
    }


class Program:
    """One run of the program; everything it writes is kept."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.out: list[str] = []
        self.err: list[str] = []
        self._changed = asyncio.Condition()
        self._over = False
        self._tasks = [
            asyncio.create_task(self._read(process.stdout, self.out)),
            asyncio.create_task(self._read(process.stderr, self.err)),
        ]

    @property
    def text(self) -> str:
        """All that it wrote for people."""
        return "\n".join(self.err)

    def messages(self, kind: str) -> list[dict[str, Any]]:
        """Return the JSON lines of one kind: ``event``, ``notice``, ``error``, ``summary``."""
        lines = [json.loads(line) for line in self.out]
        return [line[kind] for line in lines if kind in line]

    def events(self, **values: Any) -> list[dict[str, Any]]:
        """Return the events with these values."""
        return [one for one in self.messages("event") if values.items() <= one.items()]

    async def until(self, condition: Callable[[], Any], within: float = 15.0) -> None:
        """Wait until ``condition`` holds; it is looked at with each line."""
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(lambda: self._over or condition())
        assert condition(), (self.out[-5:], self.text[-2000:])

    async def up(self, *outputs: str) -> None:
        """Wait until these destinations are up (with ``--json``)."""
        for output in outputs:
            await self.until(lambda output=output: self.events(type="output.state", output=output, state="up"))

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def ended(self, within: float = 20.0) -> int:
        """Wait for the end and return the exit status."""
        async with asyncio.timeout(within):
            status = await self.process.wait()
            await asyncio.gather(*self._tasks)
        return status

    def family(self) -> list[psutil.Process]:
        """Return the runner and its children: everything of this user that descends from the program, or did."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    async def _read(self, stream: asyncio.StreamReader | None, lines: list[str]) -> None:
        assert stream is not None
        while line := await stream.readline():
            lines.append(line.decode("utf-8", "replace").rstrip("\n"))
            async with self._changed:
                self._changed.notify_all()
        async with self._changed:
            self._over = stream.at_eof() and lines is self.out
            self._changed.notify_all()


@contextlib.asynccontextmanager
async def castcore(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None, start: tuple[str, ...] = START
) -> AsyncIterator[Program]:
    """Start the program; it is killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *start, *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=environment(folder, env), limit=1 << 20, cwd=folder,
    )  # fmt: skip
    program = Program(process)
    try:
        yield program
    finally:
        if process.returncode is None:
            process.kill()
        await program.ended()
