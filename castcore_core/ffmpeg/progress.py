"""Read what ffmpeg writes to ``-progress``, and tell when it has stopped moving.

Standard library only: the runner imports this module by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

STALL_SECONDS = 2.0
"""Time without progress that counts as a stall; measured on both builds (5.1 falls silent, 9.x repeats itself)."""

_LONGEST_LINE = 4096
_EARLIEST_US = -3_600_000_000
"""Below an hour before zero the time is a placeholder for 'none yet'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One block of ``-progress``; None where ffmpeg had no value yet (``N/A``)."""

    frame: int | None = None
    """Frames encoded; None for audio alone."""
    fps: float | None = None
    bitrate: int | None = None
    """Bits per second of the first output alone."""
    total_size: int | None = None
    """Bytes of the first output alone."""
    out_time_us: int | None = None
    """Microseconds of programme written."""
    dup_frames: int | None = None
    drop_frames: int | None = None
    speed: float | None = None
    """Times real time; below 1 the machine cannot keep up."""
    ended: bool = False
    """The last block of this process."""


class ProgressParser:
    """Turn the bytes of the progress pipe into blocks; bytes may be cut anywhere."""

    def __init__(self) -> None:
        self._rest = b""
        self._values: dict[str, str] = {}

    def feed(self, data: bytes) -> list[Progress]:
        """Take more bytes and return the blocks they complete; unknown keys and garbage are passed over."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-_LONGEST_LINE:]
        blocks = []
        for line in lines:
            key, found, value = line.decode("ascii", "replace").strip().partition("=")
            if not found:
                continue
            if key == "progress":
                blocks.append(_block(self._values, ended=value.strip() == "end"))
                self._values = {}
            elif key in _WANTED:
                self._values[key] = value.strip()
        return blocks


class Stall:
    """The rule for a frozen ffmpeg: no block, or the same ``out_time_us``, for ``limit`` seconds.

    Times are seconds of any clock that only goes forward.
    """

    def __init__(self, now: float, *, limit: float = STALL_SECONDS) -> None:
        self._limit = limit
        self._out_time_us: int | None = None
        self._moved_at = now

    def note(self, progress: Progress, now: float) -> None:
        """Take a block that came at ``now``."""
        if progress.out_time_us is not None and progress.out_time_us != self._out_time_us:
            self._out_time_us = progress.out_time_us
            self._moved_at = now

    def lasts(self, now: float) -> float:
        """Return for how many seconds nothing has moved, 0.0 while that is below the limit."""
        still = now - self._moved_at
        return still if still >= self._limit else 0.0


_WANTED = frozenset(
    {
        *("frame", "fps", "bitrate", "total_size", "out_time_us", "out_time_ms"),
        *("dup_frames", "drop_frames", "speed"),
    }
)


def _block(values: dict[str, str], *, ended: bool) -> Progress:
    # out_time_ms holds microseconds too (a name that ffmpeg kept for its readers); it serves where the other is missing
    time = _whole(values.get("out_time_us", values.get("out_time_ms", "")))
    kbits = _number(values.get("bitrate", "").removesuffix("kbits/s"))
    return Progress(
        frame=_whole(values.get("frame", "")),
        fps=_number(values.get("fps", "")),
        bitrate=None if kbits is None else round(kbits * 1000),
        total_size=_whole(values.get("total_size", "")),
        out_time_us=time if time is not None and time > _EARLIEST_US else None,
        dup_frames=_whole(values.get("dup_frames", "")),
        drop_frames=_whole(values.get("drop_frames", "")),
        speed=_number(values.get("speed", "").removesuffix("x")),
        ended=ended,
    )


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None


def _whole(text: str) -> int | None:
    value = _number(text)
    return None if value is None else int(value)
