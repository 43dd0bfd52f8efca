"""What a runner tells: one class per kind of event, and their JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from castcore_core.runner.error import Param, Problem

JobStateName = Literal["starting", "running", "fallback", "paused", "stopping", "ended", "failed"]
SourceStateName = Literal["connecting", "up", "lost", "ended"]
OutputStateName = Literal["connecting", "up", "reconnecting", "failed", "ended"]
Level = Literal["error", "warning", "info", "debug"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputStatistics:
    """One destination's figures since the job began."""

    state: OutputStateName = "connecting"
    since: float = 0.0
    """Unix time since which it is up, or is not."""
    code: str = ""
    """The last failure; empty while it is up."""
    params: Mapping[str, Param] = field(default_factory=dict)
    bytes: int = 0
    """Bytes of media handed to the destination."""
    tags: int = 0
    dropped_tags: int = 0
    dropped_ms: int = 0
    reconnects: int = 0
    sessions: int = 0
    """Times it was up."""
    seconds: float = 0.0
    """Seconds of programme delivered, all sessions together."""
    queue_ms: int = 0
    bitrate: float = 0.0
    """Kilobits per second over the last second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderStatistics:
    """What the encoder says of itself; None where it says nothing."""

    frame: int | None = None
    fps: float | None = None
    speed: float | None = None
    out_time: float | None = None
    """Seconds."""
    dropped: int | None = None
    duplicated: int | None = None
    restarts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BusStatistics:
    """One rendition's figures."""

    tags: int = 0
    bytes: int = 0
    keyframes: int = 0
    seconds: float = 0.0
    """Length of the programme so far."""
    bitrate: float = 0.0
    """Kilobits per second over the last second."""
    on_slate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Any event. ``seq`` numbers the journalled ones from 1; progress has 0."""

    type: ClassVar[str] = ""
    seq: int = 0
    at: float = 0.0
    """Unix time."""

    def to_json(self) -> dict[str, Any]:
        """Return the event as JSON values."""
        return {"type": self.type, **dataclasses.asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState(Event):
    """The job as a whole changed; ``ended`` and ``failed`` are the last event and carry the totals."""

    type: ClassVar[str] = "job.state"
    state: JobStateName
    code: str = ""
    params: Mapping[str, Param] = field(default_factory=dict)
    detail: str = ""
    cause: Problem | None = None
    """What lay behind ``code``: the encoder's or a destination's diagnosis."""
    totals: Mapping[str, OutputStatistics] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState(Event):
    """The source came or went."""

    type: ClassVar[str] = "source.state"
    state: SourceStateName
    code: str = ""
    params: Mapping[str, Param] = field(default_factory=dict)
    detail: str = ""
    attempt: int = 0
    retry_in: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputState(Event):
    """A destination came or went."""

    type: ClassVar[str] = "output.state"
    output: str
    state: OutputStateName
    code: str = ""
    params: Mapping[str, Param] = field(default_factory=dict)
    detail: str = ""
    attempt: int = 0
    retry_in: float | None = None
    """Seconds until the next attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine(Event):
    """One line of an ffmpeg, secrets taken out."""

    type: ClassVar[str] = "log"
    source: str
    """``encoder``, ``slate`` or ``output:ID``."""
    level: Level
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Event):
    """Something a person should know that changes no state."""

    type: ClassVar[str] = "notice"
    code: str
    params: Mapping[str, Param] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(Event):
    """All figures, once a second; not journalled."""

    type: ClassVar[str] = "progress"
    encoder: EncoderStatistics | None = None
    buses: Mapping[str, BusStatistics] = field(default_factory=dict)
    outputs: Mapping[str, OutputStatistics] = field(default_factory=dict)


_TYPES: dict[str, type[Event]] = {
    kind.type: kind for kind in (JobState, SourceState, OutputState, LogLine, Notice, Progress)
}


def event_from_json(data: Mapping[str, Any]) -> Event | None:
    """Read an event; None for a type that a newer runner has added. Unknown fields are passed over."""
    kind = _TYPES.get(str(data.get("type")))
    if kind is None:
        return None
    known = {one.name for one in dataclasses.fields(kind)}
    values = {name: value for name, value in data.items() if name in known}
    if values.get("cause"):
        values["cause"] = Problem.from_json(values["cause"])
    for name, part in (("totals", OutputStatistics), ("outputs", OutputStatistics), ("buses", BusStatistics)):
        if name in values:
            values[name] = {key: _read(part, item) for key, item in values[name].items()}
    if isinstance(values.get("encoder"), dict):
        values["encoder"] = _read(EncoderStatistics, values["encoder"])
    return kind(**values)


def _read(kind: Any, data: Mapping[str, Any]) -> Any:
    known = {one.name for one in dataclasses.fields(kind)}
    return kind(**{name: value for name, value in data.items() if name in known})
