"""Read back what arrived, with PyAV and apart from the product."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One track of a file, decoded to its last frame."""

    codec: str
    frames: int
    starts: float
    """Seconds of the first picture or sample."""
    ends: float
    """Seconds at which the last one is over."""
    largest_step: float
    """Seconds between two decode times."""
    in_order: bool
    """Decode times grow with each packet, and so do the times of what is decoded."""

    @property
    def seconds(self) -> float:
        """Length."""
        return self.ends - self.starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a file holds."""

    video: Track | None
    audio: Track | None
    width: int = 0
    height: int = 0
    pixel_format: str = ""

    @property
    def offset(self) -> float:
        """Return the seconds by which sound and picture begin apart."""
        assert self.video is not None
        assert self.audio is not None
        return abs(self.video.starts - self.audio.starts)


def read(path: Path) -> Reading:
    """Decode everything; raises av.FFmpegError for the first thing that cannot be decoded."""
    with av.open(str(path)) as container:
        stream = next(iter(container.streams.video), None)
        size = (stream.width, stream.height, stream.pix_fmt or "") if stream else (0, 0, "")
    return Reading(
        video=_track(path, "video"),
        audio=_track(path, "audio"),
        width=size[0],
        height=size[1],
        pixel_format=size[2],
    )


def _track(path: Path, kind: str) -> Track | None:
    with av.open(str(path)) as container:
        stream = next((one for one in container.streams if one.type == kind), None)
        if stream is None:
            return None
        decode_times: list[Fraction] = []
        times: list[tuple[Fraction, Fraction]] = []
        for packet in container.demux(stream):
            if packet.dts is not None and packet.size:
                decode_times.append(packet.dts * packet.time_base)
            for frame in packet.decode():
                times.append((frame.pts * frame.time_base, _length(frame, stream)))
    steps = [after - before for before, after in itertools.pairwise(decode_times)]
    shown = [at for at, _ in times]
    return Track(
        codec=stream.codec_context.name,
        frames=len(times),
        starts=float(shown[0]),
        ends=float(shown[-1] + times[-1][1]),
        largest_step=float(max(steps, default=Fraction(0))),
        in_order=all(step > 0 for step in steps) and shown == sorted(shown),
    )


def _length(frame: object, stream: object) -> Fraction:
    if isinstance(frame, av.AudioFrame):
        return Fraction(frame.samples, frame.sample_rate)
    rate = getattr(stream, "average_rate", None) or Fraction(30)
    return 1 / Fraction(rate)
