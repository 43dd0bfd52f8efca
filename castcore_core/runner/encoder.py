"""Run the one ffmpeg that reads the source and writes every rendition."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from castcore_core.ffmpeg.progress import Progress, ProgressParser
from castcore_core.rtmp.tag import Tag
from castcore_core.runner.argument import Filling, fill
from castcore_core.runner.bus import Bus
from castcore_core.runner.child import Child
from castcore_core.runner.egress.lane import Lane
from castcore_core.runner.error import Problem
from castcore_core.runner.flv import HEADER, pack
from castcore_core.runner.log import ChildLog
from castcore_core.runner.pipe import PipeReader, PipeWriter, open_pipe
from castcore_core.runner.plan import EncoderPlan
from castcore_core.runner.rendition import Rendition
from castcore_core.runner.report import Reporter
from castcore_core.runner.tap import FlvTap

_INPUT_QUEUE_MS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one process of the encoder ended."""

    problem: Problem | None
    """None: in order, everything was written."""
    damage: Problem | None
    """What it complained about although it ended in order."""
    tags: int
    seconds: float
    """Of programme written."""


class Encoder:
    """One process; made anew for each run."""

    def __init__(
        self,
        ffmpeg: str,
        plan: EncoderPlan,
        renditions: Sequence[Rendition],
        secrets: Mapping[str, str],
        reporter: Reporter,
        on_tag: Callable[[], None],
    ) -> None:
        self.progress: Progress | None = None
        self._ffmpeg = ffmpeg
        self._plan = plan
        self._renditions = renditions
        self._secrets = secrets
        self._reporter = reporter
        self._on_tag = on_tag
        self._child: Child | None = None
        self._log: ChildLog | None = None
        self._lane = Lane(_INPUT_QUEUE_MS, video=True)
        self._tags = 0
        self._first: int | None = None
        self._last = 0
        self._flv_problem: Problem | None = None

    async def run(self, *, seek: float | None = None, feed: Bus | None = None) -> Outcome:
        """Start it and wait for its end. Raise RunnerError where it cannot be started; cancelled, it is killed."""
        pipes = {rendition.id: open_pipe() for rendition in self._renditions}
        pipes["progress"] = open_pipe()
        log = self._log = self._reporter.new_log("encoder")
        try:
            child = self._child = self._start({name: ends[1] for name, ends in pipes.items()}, seek, log)
        except BaseException:
            for reader, _ in pipes.values():
                os.close(reader)
            raise
        finally:
            for _, writer in pipes.values():
                os.close(writer)
        self._reporter.child_started(child)
        parser = ProgressParser()
        progress = PipeReader(pipes["progress"][0], lambda data: self._note(parser, data), lambda: None)
        ended = [self._tap(rendition, pipes[rendition.id][0]) for rendition in self._renditions]
        if feed is not None and child.stdin is not None:
            child.stdin.write(HEADER)
            self._lane.join(feed)
            self._lane.connect(_StdinLink(child.stdin))
        try:
            status = await child.wait()
            await asyncio.wait([done for _, done in ended], timeout=1.0)
        finally:
            child.kill()
            self._lane.disconnect()
            progress.close()
            for tap, _ in ended:
                tap.close()
        return self._outcome(status, log)

    def diagnose(self) -> Problem | None:
        """Return what its log says so far, None before it runs."""
        return self._log.diagnose(None) if self._log is not None else None

    async def finish(self) -> None:
        """Feed it what waits, then end its input."""
        child = self._child
        if child is not None and child.stdin is not None:
            self._lane.leave()
            await self._lane.drained()
            child.stdin.end()

    def interrupt(self) -> None:
        """Ask it to end in order; one that waits for its standard input hears no signal."""
        if self._child is not None:
            self._child.signal(signal.SIGINT)
            if self._child.stdin is not None:
                self._lane.disconnect()
                self._child.stdin.end()

    async def gone(self, seconds: float) -> None:
        """Wait for its end for at most ``seconds``."""
        if self._child is not None:
            await asyncio.wait({self._child.exited}, timeout=seconds)

    def kill(self) -> None:
        """Kill it."""
        if self._child is not None:
            self._child.kill()

    def _start(self, ends: Mapping[str, int], seek: float | None, log: ChildLog) -> Child:
        filling = Filling(secrets=self._secrets, pipes=ends, seek=seek)
        argv = [self._ffmpeg, *fill(self._plan.arguments, filling)]
        return Child(argv, on_line=log.add, pass_fds=tuple(ends.values()), stdin=self._plan.stdin, nice=self._plan.nice)

    def _tap(self, rendition: Rendition, fd: int) -> tuple[FlvTap, asyncio.Future[None]]:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        leads = rendition is self._renditions[0]

        def take(tag: Tag) -> None:
            self._on_tag()
            if leads:
                self._count(tag)
            rendition.take(tag)

        def end(problem: Problem | None) -> None:
            if problem is not None:
                self._flv_problem = problem
                self.kill()
            if not done.done():
                done.set_result(None)

        return FlvTap(fd, take, end), done

    def _count(self, tag: Tag) -> None:
        self._tags += 1
        if self._first is None:
            self._first = tag.timestamp
        self._last = max(self._last, tag.timestamp)

    def _note(self, parser: ProgressParser, data: bytes) -> None:
        for block in parser.feed(data):
            self.progress = block

    def _outcome(self, status: int, log: ChildLog) -> Outcome:
        failed = self._flv_problem or (log.diagnose(status) if status != 0 else None)
        return Outcome(
            problem=failed,
            damage=log.complaint() if failed is None else None,
            tags=self._tags,
            seconds=(self._last - (self._first or 0)) / 1000,
        )


class _StdinLink:
    """The encoder's standard input as the end of a lane."""

    def __init__(self, pipe: PipeWriter) -> None:
        self._pipe = pipe

    @property
    def unsent(self) -> int:
        return self._pipe.unsent

    def send(self, tag: Tag) -> None:
        self._pipe.write(*pack(tag))
