"""Decide what one rendition shows, the source or the slate, and put it on the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping

from castcore_core.rtmp.metadata import decode_metadata
from castcore_core.rtmp.tag import Tag, TagKind
from castcore_core.runner.bus import Bus
from castcore_core.runner.error import Problem, RunnerError
from castcore_core.runner.plan import RenditionPlan
from castcore_core.runner.role import Role, role_of, track_of
from castcore_core.runner.slate import Slate
from castcore_core.runner.timeline import MASK, Timeline

_MOST_CATCH_UP_MS = 2000
_SLATE_STEP = 0.01
_SEAM_MS = 20
"""Between the last tag of the source and the slate's first: about one frame."""


class Rendition:
    """One encoded version of the programme.

    ``make_slate`` builds its slate from the values of ``onMetaData``; ``on_change`` is told when the slate comes and
    goes; ``on_problem`` what a person should know.
    """

    def __init__(
        self,
        plan: RenditionPlan,
        *,
        slate_after: float,
        make_slate: Callable[[Mapping[str, str]], Awaitable[Slate]] | None,
        on_change: Callable[[], None],
        on_problem: Callable[[Problem], None],
    ) -> None:
        self.id = plan.id
        self.video = plan.video
        self.bus = Bus()
        self.timeline = Timeline()
        self.on_slate = False
        self.paused = False
        self._flows = False
        self._slate_after = slate_after
        self._make_slate = make_slate
        self._on_change = on_change
        self._on_problem = on_problem
        self._metadata: Tag | None = None
        self._headers: dict[object, Tag] = {}
        self._loop = asyncio.get_running_loop()
        self._shown = 0.0
        self._silence: asyncio.TimerHandle | None = None
        self._slate: Slate | None = None
        self._outdated = False
        self._building: asyncio.Task[None] | None = None
        self._pending: Iterator[Tag] = iter(())
        self._next: Tag | None = None
        self._slate_timer: asyncio.TimerHandle | None = None
        self._slate_begun = (0.0, 0, 0)

    @property
    def begun(self) -> bool:
        """Say whether anything was shown yet."""
        return self.timeline.last >= 0

    def begin(self) -> None:
        """Say that the next tags come from a new run of the source: shown from its first keyframe on."""
        self._flows = False

    def take(self, tag: Tag) -> None:
        """Take a tag of the source."""
        role = role_of(tag)
        if role is Role.NOTHING:
            return
        if role is Role.METADATA:
            self._metadata = tag
            if self._flows:
                self._publish(tag, self._line())
        elif role is Role.HEADER:
            self._headers[track_of(tag)] = tag
            if self._flows:
                self._publish_header(tag)
        elif self._flows:
            self._show(tag)
        elif self._start(tag, role):
            self._show(tag)
            self._on_change()

    def pause(self) -> None:
        """Show the slate until `resume`."""
        self.paused = True
        self._flows = False
        self._begin_slate()

    def renew(self, make_slate: Callable[[Mapping[str, str]], Awaitable[Slate]] | None) -> None:
        """Take another slate from the next run of the source on; until then the one that is there serves."""
        self._make_slate = make_slate
        self._outdated = True

    def resume(self) -> None:
        """Show the source again from its next keyframe on."""
        self.paused = False

    def stop(self) -> None:
        """Show nothing more. May be called twice."""
        self._flows = False
        self.paused = True
        for timer in (self._silence, self._slate_timer):
            if timer is not None:
                timer.cancel()
        if self._building is not None:
            self._building.cancel()

    def _start(self, tag: Tag, role: Role) -> bool:
        """Begin to show the source if it may be shown and can begin with this tag."""
        if self.paused or not (role is Role.KEY if self.video else tag.kind is TagKind.AUDIO):
            return False
        self._flows = True
        self.timeline.begin()
        if self._slate_timer is not None:
            self._slate_timer.cancel()
            self._slate_timer = None
        if self._metadata is not None:
            self._publish(self._metadata, self._line())
        for header in self._headers.values():
            self._publish_header(header)
        self._watch_silence()
        if self._slate is None or self._outdated:
            self._outdated = False
            self._build_slate()
        self.on_slate = False
        return True

    def _show(self, tag: Tag) -> None:
        self._shown = self._loop.time()
        if tag.kind is TagKind.DATA:
            self._publish(tag, self._line())
        else:
            self._publish(tag, self.timeline.place(tag.kind, tag.timestamp, self._shown))

    def _publish(self, tag: Tag, time: int) -> bool:
        return self.bus.publish(Tag(tag.kind, time & MASK, tag.payload))

    def _publish_header(self, tag: Tag) -> None:
        known = track_of(tag) in self.bus.headers
        if self._publish(tag, self._line()) and known:
            self._on_problem(Problem("runner.header_changed", {"rendition": self.id}))

    def _line(self) -> int:
        return max(0, self.timeline.last)

    def _watch_silence(self) -> None:
        if self._silence is None and self._make_slate is not None:
            self._silence = self._loop.call_later(self._slate_after, self._check_silence)

    def _check_silence(self) -> None:
        """Bring the slate when nothing was shown for long enough; come back when that may be so."""
        self._silence = None
        if self.on_slate:
            return
        left = self._shown + self._slate_after - self._loop.time()
        if left < 0.001:
            self._begin_slate()
            left = self._slate_after
        if not self.on_slate:
            self._silence = self._loop.call_later(left, self._check_silence)

    def _build_slate(self) -> None:
        if self._make_slate is not None and self._building is None:
            self._building = self._loop.create_task(self._build(self._make_slate), name=f"slate {self.id}")

    async def _build(self, make: Callable[[Mapping[str, str]], Awaitable[Slate]]) -> None:
        try:
            self._slate = await make(_values(self._metadata))
        except RunnerError as error:
            self._on_problem(Problem(error.code, {"rendition": self.id, **error.params}, error.detail))
        finally:
            self._building = None
        if self.paused:
            self._begin_slate()

    def _begin_slate(self) -> None:
        """Show the slate where there is one and something was shown before; make it first if need be."""
        if self.on_slate or not self.begun:
            return
        if self._slate is None:
            self._build_slate()
            return
        self.on_slate = True
        self._flows = False
        now = self._loop.time()
        late = min(_MOST_CATCH_UP_MS, self.timeline.now(now) - self.timeline.last)
        self._slate_begun = (now, self.timeline.last + _SEAM_MS, late)
        self.timeline.begin(gap_ms=_SEAM_MS)
        for header in self._slate.headers:
            self._publish_header(header)
        self._pending = self._slate.tags()
        self._next = next(self._pending, None)
        self._show_slate()
        self._on_change()

    def _show_slate(self) -> None:
        """Put everything on the bus that is due, and come back for the next."""
        begun, line, late = self._slate_begun
        now = self._loop.time()
        due = line + late + (now - begun) * 1000
        while self._next is not None and line + self._next.timestamp <= due:
            tag = self._next
            self._publish(tag, self.timeline.place(tag.kind, tag.timestamp, now))
            self._next = next(self._pending, None)
        if self._next is not None:
            wait = (line + self._next.timestamp - due) / 1000
            self._slate_timer = self._loop.call_later(max(_SLATE_STEP, wait), self._show_slate)


def _values(metadata: Tag | None) -> dict[str, str]:
    """Return what the source's ``onMetaData`` says of the picture, as ffmpeg reads it."""
    found = decode_metadata(metadata) if metadata is not None else None
    values = {}
    for name, field in (("width", "width"), ("height", "height"), ("fps", "framerate")):
        value = (found or {}).get(field)
        if isinstance(value, (int, float)) and 0 < value < 1e5:
            values[name] = _rate(value) if name == "fps" else str(round(value))
    return values


def _rate(fps: float) -> str:
    """Return a frame rate as ffmpeg takes it; NTSC rates as the exact fraction."""
    if abs(fps - round(fps)) < 0.001:
        return str(round(fps))
    ntsc = round(fps * 1.001)
    return f"{ntsc * 1000}/1001" if abs(ntsc / 1.001 - fps) < 0.005 else f"{fps:.6g}"
