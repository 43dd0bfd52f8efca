"""Make few messages of many events: one when an incident begins, one when it is over. Pure, with a clock from outside.

An incident is not over before it has been good for a while, so that what flaps is told once, with how often it did.
Events without a topic are told at once; what repeats them within the window is counted and told at its end.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

from castcore_core.notifications.event import ENDINGS, EVENTS, EventKind, Happening, Reason

MOST = 2000
"""Incidents, and bursts, that are remembered at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things are waited for, in seconds.

    ``settle``: what was bad has to be good that long. ``window``: repeats of one event are counted that long.
    ``again``: what flaps is told of again after that time, then after twice the time, and so on.
    """

    settle: float = 30.0
    window: float = 60.0
    again: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message to make."""

    key: UUID
    what: Happening
    times: int = 1
    """How often it happened."""
    seconds: float = 0.0
    """How long it has lasted."""
    ends: bool = False
    """It ends an incident: those are told who were told of it."""


@dataclass(slots=True, kw_only=True)
class Incident:
    """Something that is not as it should be, or has just become good again."""

    key: UUID
    what: Happening
    """The last bad event."""
    opened: float
    times: int = 1
    bad: bool = True
    good_at: float = 0.0
    told: frozenset[str] = frozenset()
    """Events of it that were told."""
    next_told: float = 0.0
    pause: float = 0.0
    told_times: int = 1


@dataclass(slots=True)
class _Burst:
    key: UUID
    what: Happening
    until: float
    more: int = 0


@dataclass
class Incidents:
    """Every open incident, by topic and subject."""

    pace: Pace = field(default_factory=Pace)
    open: OrderedDict[tuple[str, str], Incident] = field(default_factory=OrderedDict)
    changed: dict[tuple[str, str], Incident | None] = field(default_factory=dict)
    """What has to be stored since it was last taken; None: it is over."""
    _bursts: OrderedDict[tuple[str, str], _Burst] = field(default_factory=OrderedDict)

    def take(self, what: Happening, now: float) -> Iterator[Told]:
        """Take an event and yield what is to be told at once."""
        if not what.kind.topic:
            yield from self._burst(what, now)
        elif what.kind.over:
            self._good(what, now)
        else:
            yield from self._bad(what, now)

    def due(self, now: float) -> Iterator[Told]:
        """Yield what time has made ripe."""
        for place, incident in list(self.open.items()):
            if not incident.bad and now - incident.good_at >= self.pace.settle:
                yield self._close(place, incident)
            elif incident.times > incident.told_times and now >= incident.next_told:
                incident.pause *= 2
                incident.next_told = now + incident.pause
                yield self._repeat(place, incident, now)
        for name, burst in list(self._bursts.items()):
            if now < burst.until:
                break
            del self._bursts[name]
            if burst.more:
                yield Told(key=burst.key, what=burst.what, times=burst.more)

    def next_due(self) -> float | None:
        """Return when :meth:`due` may have something to say."""
        dues = [burst.until for burst in self._bursts.values()][:1]
        for incident in self.open.values():
            if not incident.bad:
                dues.append(incident.good_at + self.pace.settle)
            if incident.times > incident.told_times:
                dues.append(incident.next_told)
        return min(dues, default=None)

    def forget(self, subject: str, *, but: str = "") -> None:
        """End, without a word, every incident of ``subject`` and of its parts, except those of topic ``but``."""
        for place in list(self.open):
            topic, owner = place
            if topic != but and (owner == subject or owner.startswith(f"{subject}/")):
                self._drop(place)

    def load(self, place: tuple[str, str], incident: Incident) -> None:
        """Know an incident of an earlier life."""
        self.open[place] = incident

    def _bad(self, what: Happening, now: float) -> Iterator[Told]:
        place = (what.kind.topic, what.subject)
        incident = self.open.get(place)
        if incident is None:
            if len(self.open) >= MOST:
                self._drop(next(iter(self.open)))
            told = frozenset({what.kind.name})
            pace = self.pace.again
            incident = Incident(key=uuid4(), what=what, opened=what.at, told=told, next_told=now + pace, pause=pace)
            self.open[place] = self.changed[place] = incident
            yield Told(key=incident.key, what=what)
            return
        incident.what = what
        if not incident.bad:
            incident.bad, incident.times = True, incident.times + 1
        if what.kind.name not in incident.told:
            incident.told |= {what.kind.name}
            self.changed[place] = incident
            yield Told(key=incident.key, what=what, times=incident.times, seconds=max(0.0, what.at - incident.opened))

    def _good(self, what: Happening, now: float) -> None:
        incident = self.open.get((what.kind.topic, what.subject))
        if incident is not None and incident.bad:
            incident.bad, incident.good_at = False, now

    def _close(self, place: tuple[str, str], incident: Incident) -> Told:
        self._drop(place)
        kind = ENDINGS[place[0]]
        params = {name: incident.what.params[name] for name in kind.params if name in incident.what.params}
        at = max(incident.opened, incident.good_at)
        what = Happening(kind=kind, subject=place[1], params=params, at=at)
        return Told(key=incident.key, what=what, times=incident.times, seconds=at - incident.opened, ends=True)

    def _repeat(self, place: tuple[str, str], incident: Incident, now: float) -> Told:
        incident.told_times = incident.times
        self.changed[place] = incident
        what = replace(incident.what, at=now)
        return Told(key=incident.key, what=what, times=incident.times, seconds=max(0.0, now - incident.opened))

    def _drop(self, place: tuple[str, str]) -> None:
        del self.open[place]
        self.changed[place] = None

    def _burst(self, what: Happening, now: float) -> Iterator[Told]:
        name = (what.kind.name, what.subject)
        burst = self._bursts.get(name)
        if burst is not None:
            burst.more, burst.what = burst.more + 1, what
            return
        if len(self._bursts) >= MOST:
            self._bursts.popitem(last=False)
        burst = self._bursts[name] = _Burst(uuid4(), what, now + self.pace.window)
        yield Told(key=burst.key, what=what)


def to_json(incident: Incident) -> dict[str, Any]:
    """Return what of an incident is kept over a restart."""
    what, reason = incident.what, incident.what.reason
    return {
        "event": what.kind.name,
        "params": dict(what.params),
        "reason": {"code": reason.code, "params": dict(reason.params)} if reason else None,
        "at": what.at,
        "opened": incident.opened,
        "times": incident.times,
        "told": sorted(incident.told),
    }


def from_json(key: UUID, subject: str, kept: Mapping[str, Any], pace: Pace, now: float) -> Incident | None:
    """Return an incident as it was kept; None where this version does not know its event."""
    kind: EventKind | None = EVENTS.get(kept["event"])
    if kind is None:
        return None
    reason = Reason(**kept["reason"]) if kept["reason"] else None
    return Incident(
        key=key,
        what=Happening(kind=kind, subject=subject, params=kept["params"], reason=reason, at=kept["at"]),
        opened=kept["opened"],
        times=kept["times"],
        told_times=kept["times"],
        told=frozenset(kept["told"]),
        next_told=now + pace.again,
        pause=pace.again,
    )
