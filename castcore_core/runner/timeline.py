"""Give every tag of a rendition its place on one line of time, whoever made it."""

from __future__ import annotations

from castcore_core.rtmp.tag import TagKind

MASK = 0xFFFFFFFF
_HALF = 1 << 31
_QUARTER = 1 << 30
_BACK_MS = 3_000
_AHEAD_MS = 10_000


class Timeline:
    """Rewrites timestamps so that they never step back and keep audio and video together.

    A *segment* is one run of one maker (an encoder process, a slate, a publisher's connection): all its tags are moved
    by the same amount. The first tag of a segment is placed as far behind the last tag of the segment before as
    time has passed between the two, and at least 1 ms.
    Milliseconds throughout; times that go in wrap at 2**32 or (ffmpeg's FLV muxer) at 2**31, those that come out
    never wrap.
    """

    def __init__(self) -> None:
        self.last = -1
        """The latest time given out; -1 before the first."""
        self._arrived = 0.0
        self._offset: int | None = None
        self._gap_ms: int | None = None
        self._raw = 0
        self._source = 0
        self._latest: dict[TagKind, int] = {}

    def begin(self, *, gap_ms: int | None = None) -> None:
        """Let the next tag open a new segment, ``gap_ms`` behind the last tag; None: as far as time has passed."""
        self._offset = None
        self._gap_ms = gap_ms

    def now(self, clock: float) -> int:
        """Return the time on the line that belongs to ``clock`` (monotonic seconds)."""
        return self.last + max(0, round((clock - self._arrived) * 1000)) if self.last >= 0 else 0

    def place(self, kind: TagKind, timestamp: int, clock: float) -> int:
        """Return the time of a tag that carries ``timestamp`` and arrived at ``clock``."""
        if self._offset is None:
            self._open(timestamp, clock)
        step = self._step(timestamp)
        if step < -_BACK_MS or step - (clock - self._arrived) * 1000 > _AHEAD_MS:
            self._open(timestamp, clock)
            step = 0
        self._raw = timestamp
        self._source += step
        assert self._offset is not None
        time = max(self._source + self._offset, self._latest.get(kind, 0))
        self._latest[kind] = time
        if time >= self.last:
            self.last = time
            self._arrived = clock
        return time

    def _open(self, timestamp: int, clock: float) -> None:
        wanted = self.now(clock) if self._gap_ms is None or self.last < 0 else self.last + self._gap_ms
        target = max(self.last + 1, wanted)
        self._gap_ms = None
        self._raw = self._source = timestamp
        self._offset = target - timestamp

    def _step(self, timestamp: int) -> int:
        step = (timestamp - self._raw + _HALF & MASK) - _HALF
        if abs(step) > _QUARTER:
            step = (timestamp - self._raw + _QUARTER & _HALF - 1) - _QUARTER
        return step
