"""A real SRT peer: srt-live-transmit, which writes what it receives to a file."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest


@contextlib.asynccontextmanager
async def listening(port: int, file: Path, *, passphrase: str = "") -> AsyncIterator[None]:
    """Listen on a loopback port and write the transport stream to ``file``."""
    program = shutil.which("srt-live-transmit")
    if program is None:
        pytest.skip("srt-live-transmit is not installed")
    query = f"?mode=listener&passphrase={passphrase}" if passphrase else "?mode=listener"
    with file.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            program, "-q", "-a:no", f"srt://127.0.0.1:{port}{query}", "file://con",
            stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):  # it leaves by itself when its caller does
                process.send_signal(signal.SIGINT)
            try:
                await asyncio.wait_for(process.wait(), 3)
            except TimeoutError:
                process.kill()
                await process.wait()
