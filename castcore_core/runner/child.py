"""Start ffmpeg so that it can neither outlive the runner nor hold it up."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from castcore_core.runner.error import RunnerError
from castcore_core.runner.identity import Identity
from castcore_core.runner.pipe import PipeReader, PipeWriter, open_pipe

_PR_SET_PDEATHSIG = 1
_MAX_LINE = 2048
_KEPT_PREFIXES = ("LIBVA_", "CUDA_", "NVIDIA_", "FONTCONFIG_", "LC_")
_KEPT = frozenset(
    {"PATH", "HOME", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_RUNTIME_DIR"}
)

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def minimal_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a runner and its children need of an environment: paths, language, device choices."""
    kept = {name: value for name, value in environment.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
    return {"PATH": os.defpath, "AV_LOG_FORCE_NOCOLOR": "1", **kept}


class Child:
    """One ffmpeg in a process group of its own that dies with the runner."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        on_line: Callable[[str], None],
        pass_fds: Sequence[int] = (),
        stdin: bool = False,
        nice: int = 0,
    ) -> None:
        """Start it. Raise RunnerError (``ffmpeg.missing``, ``ffmpeg.not_started``).

        ``on_line`` gets every line of its standard error; ``stdin`` opens a pipe to its standard input.
        """
        errors, errors_end = open_pipe()
        source, source_end = open_pipe() if stdin else (os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC), -1)
        try:
            self._process = subprocess.Popen(
                argv,
                stdin=source,
                stdout=subprocess.DEVNULL,
                stderr=errors_end,
                pass_fds=pass_fds,
                process_group=0,
                env=minimal_environment(os.environ),
                preexec_fn=_at_birth(os.getpid(), nice),
            )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            os.close(errors)
            if source_end >= 0:
                os.close(source_end)
            code = "ffmpeg.missing" if isinstance(error, (FileNotFoundError, PermissionError)) else "ffmpeg.not_started"
            raise RunnerError(code, {"path": argv[0]}, type(error).__name__) from None
        finally:
            os.close(errors_end)
            os.close(source)
        self.pid = self._process.pid
        self.identity = Identity.of(self.pid)
        self.stdin = PipeWriter(source_end) if stdin else None
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[int] = loop.create_future()
        self._silent = asyncio.Event()
        self._lines = LineSplitter(on_line)
        self._errors = PipeReader(errors, self._lines.feed, self._silence)
        self._watch()

    async def wait(self) -> int:
        """Return the exit status, after the last line of standard error; negative: the signal that ended it."""
        status = await asyncio.shield(self.exited)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._silent.wait(), 1.0)
        self._errors.close()
        return status

    async def end(self, seconds: float) -> int:
        """End it: SIGINT, and SIGKILL after ``seconds``. Return its exit status."""
        self.signal(signal.SIGINT)
        await asyncio.wait({self.exited}, timeout=max(0.0, seconds))
        self.kill()
        return await self.wait()

    def kill(self) -> None:
        """Kill it and what it may have started. May be called at any time."""
        if not self.exited.done():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Send a signal; a process that has ended is no error."""
        if not self.exited.done():
            self._process.send_signal(number)

    def _silence(self) -> None:
        self._lines.end()
        self._silent.set()

    def _watch(self) -> None:
        """Learn of the end through a pidfd, or by asking where the system has none."""
        loop = asyncio.get_running_loop()
        if hasattr(os, "pidfd_open"):
            self._pidfd = os.pidfd_open(self.pid)
            loop.add_reader(self._pidfd, self._reap)
        else:
            self._pidfd = -1
            loop.call_later(0.05, self._poll)

    def _poll(self) -> None:
        self._reap()
        if not self.exited.done():
            asyncio.get_running_loop().call_later(0.05, self._poll)

    def _reap(self) -> None:
        status = self._process.poll()
        if status is None:
            return
        if self._pidfd >= 0:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
        if self.stdin is not None:
            self.stdin.abort()
        if not self.exited.done():
            self.exited.set_result(status)


class LineSplitter:
    """Turns bytes into lines of at most 2048 characters; ffmpeg ends progress lines with a carriage return."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        *lines, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            self._say(line)
        if len(self._rest) > _MAX_LINE:
            self.end()

    def end(self) -> None:
        """Take what is left as a line."""
        rest, self._rest = self._rest, b""
        self._say(rest)

    def _say(self, line: bytes) -> None:
        if line.strip():
            self._on_line(line[:_MAX_LINE].decode("utf-8", "replace").rstrip())


def _at_birth(parent: int, nice: int) -> Callable[[], None]:
    def prepare() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)
        if nice:
            os.nice(nice)

    return prepare
