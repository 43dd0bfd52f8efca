"""Deliver through an ffmpeg that copies: SRT, HLS, UDP, recordings."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping

from castcore_core.ffmpeg.progress import ProgressParser
from castcore_core.rtmp.tag import Tag
from castcore_core.runner.argument import Filling, fill, references
from castcore_core.runner.child import Child
from castcore_core.runner.error import Problem
from castcore_core.runner.flv import HEADER, pack
from castcore_core.runner.log import ChildLog
from castcore_core.runner.pipe import PipeReader, PipeWriter, open_pipe
from castcore_core.runner.plan import OutputPlan

_UP_SECONDS = 3.0
"""Age at which a child counts as up that does not report progress: SRT's refusal takes 2.3 s."""

_TRAILER_SHARE = 0.75
"""Part of the closing time in which the child may end by itself after the end of its input."""


class ChildOpener:
    """Starts the child of one output."""

    def __init__(
        self,
        plan: OutputPlan,
        ffmpeg: str,
        secrets: Mapping[str, str],
        new_log: Callable[[], ChildLog],
        on_start: Callable[[Child], None],
    ) -> None:
        self._plan = plan
        self._ffmpeg = ffmpeg
        self._secrets = secrets
        self._new_log = new_log
        self._on_start = on_start
        self._started = 0

    async def open(self, attempt: int) -> ChildSession:
        """Start the next process; its arguments know that it is not the first."""
        progress, progress_end = open_pipe()
        try:
            part = f"-{self._started + 1}" if self._started else ""
            filling = Filling(secrets=self._secrets, pipes={"progress": progress_end}, values={"part": part})
            log = self._new_log()
            argv = [self._ffmpeg, *fill(self._plan.arguments, filling)]
            child = Child(argv, on_line=log.add, pass_fds=(progress_end,), stdin=True)
        except BaseException:
            os.close(progress)
            raise
        finally:
            os.close(progress_end)
        self._started += 1
        self._on_start(child)
        reports = any(ref.kind == "pipe" for ref in references(self._plan.arguments))
        return ChildSession(child, log, progress, reports=reports)


_SETTLE_SECONDS = 0.3
"""ffmpeg reports progress before its first write has succeeded; one that failed is gone by then."""


class ChildSession:
    """One process of an output: FLV in, its own business out."""

    def __init__(self, child: Child, log: ChildLog, progress: int, *, reports: bool) -> None:
        loop = asyncio.get_running_loop()
        self._child = child
        self._log = log
        self._input = _input_of(child)
        self._input.write(HEADER)
        self.ready: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[Problem] = loop.create_future()
        self._parser = ProgressParser()
        self._progress = PipeReader(progress, self._on_progress, lambda: None)
        self._timer = None if reports else loop.call_later(_UP_SECONDS, self._on_up)
        self._ending = asyncio.create_task(self._await_end())

    @property
    def unsent(self) -> int:
        """Bytes the pipe has not taken yet."""
        return self._input.unsent

    def send(self, tag: Tag) -> None:
        """Send a tag."""
        self._input.write(*pack(tag))

    async def close(self, seconds: float) -> None:
        """End its input so that it writes its trailer; SIGINT, then SIGKILL when it takes too long."""
        if self._timer is not None:
            self._on_up()  # it works so far, and there is no time to see more
        self._input.end()
        await asyncio.wait({self._child.exited}, timeout=seconds * _TRAILER_SHARE)
        await self._child.end(seconds * (1 - _TRAILER_SHARE))
        await self._ending

    def abort(self) -> None:
        """Kill it."""
        self._child.kill()

    async def _await_end(self) -> None:
        status = await self._child.wait()
        if self._timer is not None:
            self._timer.cancel()
        self._progress.close()
        if status == 0:
            self._on_up()
        if not self.lost.done():
            self.lost.set_result(Problem("runner.output_ended") if status == 0 else self._log.diagnose(status))

    def _on_progress(self, data: bytes) -> None:
        for block in self._parser.feed(data):
            if self._timer is None and (block.out_time_us or block.total_size):
                self._timer = asyncio.get_running_loop().call_later(_SETTLE_SECONDS, self._on_up)

    def _on_up(self) -> None:
        if not self.ready.done() and not self.lost.done():
            self.ready.set_result(None)


def _input_of(child: Child) -> PipeWriter:
    assert child.stdin is not None
    return child.stdin
