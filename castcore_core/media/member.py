"""One worker process, seen from outside: it answers one request at a time, and is ended when it does not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from castcore_core.media.info import MediaInfo
from castcore_sdk.errors import CastCoreError, NotFoundError, PermanentError, TemporaryError

_COMMAND = (sys.executable, "-I", "-m", "castcore_core.media.worker")
_CODE = re.compile(r"(media|ffmpeg)\.[a-z0-9_]{1,48}")
_LINE_BYTES = 1 << 20
_BODY_BYTES = 64 << 20
_START_SECONDS = 5.0
"""What a worker may need to start on a busy machine, beyond the time for the request itself."""
_SLACK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker has found; ``body`` are the bytes of a picture."""

    message: Mapping[str, Any]
    body: bytes = b""

    def info(self) -> MediaInfo:
        """Return the description of the media. Raises PermanentError ``media.probe_crashed`` where it is none."""
        try:
            return MediaInfo.from_json(self.message["info"])
        except (KeyError, TypeError, ValueError):
            raise _crashed(0) from None


class Member:
    """A worker process, started with the first request."""

    def __init__(self, nice: int = 0) -> None:
        self._nice = nice
        self._process: asyncio.subprocess.Process | None = None
        self.served = 0
        """Requests that it has answered."""

    @property
    def healthy(self) -> bool:
        """Say whether it may be asked again."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the process; nothing happens where it runs."""
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                *(*_COMMAND, str(self._nice)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={"LANG": "C.UTF-8", "PATH": os.defpath},
                start_new_session=True,
                limit=_LINE_BYTES,
            )

    async def ask(self, request: Mapping[str, Any], timeout: float, data: bytes = b"") -> Answer:
        """Return the answer to a request. A process that fails, or whose caller leaves, is ended.

        Raises what the worker says as a CastCoreError, TemporaryError ``media.probe_timeout``, PermanentError
        ``media.probe_crashed``.
        """
        message = json.dumps({**request, "timeout": timeout, "length": len(data)}).encode() + b"\n" + data
        slack = _SLACK_SECONDS if self.served else _START_SECONDS
        whole = False
        try:
            async with asyncio.timeout(timeout + slack):
                await self.start()
                answer = await self._exchange(message)
            whole = True
        except TimeoutError:
            raise TemporaryError("media.probe_timeout", params={"seconds": round(timeout)}) from None
        finally:
            if not whole:
                await self.end()
        self.served += 1
        if "code" in answer.message:
            raise _error(answer.message)
        return answer

    async def _exchange(self, message: bytes) -> Answer:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(message)
            with contextlib.suppress(ConnectionError):  # it may have ended; then it does not answer either
                await process.stdin.drain()
            found = json.loads(await process.stdout.readline())
            length = int(found.pop("length"))
            if not 0 <= length <= _BODY_BYTES:
                raise ValueError("length")
            return Answer(found, await process.stdout.readexactly(length) if length else b"")
        except (ValueError, KeyError, TypeError, AttributeError, asyncio.IncompleteReadError):
            raise _crashed(await self._status()) from None

    async def _status(self) -> int:
        """Return how the process ended; one that talks nonsense is ended first."""
        process = self._process
        assert process is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SLACK_SECONDS):
                await process.wait()
        await self.end()
        return process.returncode or 0

    async def end(self) -> None:
        """End the process; may be called twice."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


def _crashed(status: int) -> PermanentError:
    return PermanentError("media.probe_crashed", params={"status": status})


def _error(message: Mapping[str, Any]) -> CastCoreError:
    code, given = str(message["code"]), message.get("params")
    if not _CODE.fullmatch(code) or not isinstance(given, dict):
        return _crashed(0)
    params = {key: value for key, value in given.items() if isinstance(value, str | int)}
    if code in ("media.not_found", "ffmpeg.http_not_found"):
        return NotFoundError(code, params=params)
    retry = code.startswith("ffmpeg.") or code == "media.probe_timeout"
    return TemporaryError(code, params=params) if retry else PermanentError(code, params=params)
