"""Read tags out of a pipe."""

from __future__ import annotations

from collections.abc import Callable

from castcore_core.rtmp.tag import Tag
from castcore_core.runner.error import Problem
from castcore_core.runner.flv import FlvError, FlvParser
from castcore_core.runner.pipe import PipeReader


class FlvTap:
    """Calls ``on_tag`` for each tag and ``on_end`` once: with a problem where the bytes were no FLV."""

    def __init__(self, fd: int, on_tag: Callable[[Tag], None], on_end: Callable[[Problem | None], None]) -> None:
        self._parser = FlvParser()
        self._on_tag = on_tag
        self._on_end = on_end
        self._problem: Problem | None = None
        self._reader = PipeReader(fd, self._take, self._end)

    def close(self) -> None:
        """Stop reading. May be called twice."""
        self._reader.close()

    def _take(self, data: bytes) -> None:
        try:
            tags = self._parser.feed(data)
        except FlvError as error:
            self._problem = error.problem
            self._reader.close()
            return
        for tag in tags:
            self._on_tag(tag)

    def _end(self) -> None:
        self._on_end(self._problem)
