"""Measure what a dry run leaves behind and uses up."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from castcore_core.preflight.schemas import RenditionFigures
from castcore_core.rtmp.tag import TagKind
from castcore_core.runner.error import RunnerError
from castcore_core.runner.flv import FlvParser

_PIECE = 1 << 20
_HEADER = 5


@dataclass(slots=True)
class Usage:
    """What the processes of a dry run have used so far."""

    pid: int
    memory: int = 0
    _cpu: dict[int, float] = field(default_factory=dict)

    @property
    def cpu_seconds(self) -> float:
        """CPU time of all processes, also of those that have ended."""
        return sum(self._cpu.values())

    def sample(self) -> None:
        """Look at the processes; those that end between two looks are counted up to the last."""
        memory = 0
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self.pid)
            for each in (root, *root.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    times = each.cpu_times()
                    self._cpu[each.pid] = times.user + times.system
                    memory += each.memory_info().rss
        self.memory = max(self.memory, memory)


def measure(rendition: str, file: Path) -> RenditionFigures | None:
    """Read an FLV file; None where it holds nothing."""
    parser, seconds, keyframes, last = FlvParser(), Counter[int](), list[float](), 0.0
    with (
        contextlib.suppress(OSError, RunnerError),
        file.open("rb") as stream,
    ):  # a file that was cut off counts as far as it goes
        while piece := stream.read(_PIECE):
            for tag in parser.feed(piece):
                # Five bytes are a header without a picture: the end of the sequence.
                if tag.kind is TagKind.DATA or tag.is_sequence_header or len(tag.payload) <= _HEADER:
                    continue
                last = max(last, tag.timestamp / 1000)
                seconds[int(tag.timestamp // 1000)] += len(tag.payload)
                if tag.kind is TagKind.VIDEO and tag.is_keyframe:
                    keyframes.append(tag.timestamp / 1000)
    if not seconds:
        return None
    gaps = [later - earlier for earlier, later in itertools.pairwise(keyframes)]
    whole = [seconds[second] for second in range(max(seconds))] or list(seconds.values())
    return RenditionFigures(
        id=rendition,
        seconds=round(last, 2),
        bitrate=round(8 * sum(seconds.values()) / max(last, 0.5)),
        peak_bitrate=8 * max(whole),
        keyframe_interval=round(sum(gaps) / len(gaps), 3) if gaps else None,
        longest_keyframe_interval=round(max(gaps), 3) if gaps else None,
    )
