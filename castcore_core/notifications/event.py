"""Everything that people can be told of: the one table, and how the rest of the server says that it happened."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from castcore_core.events import Bus
from castcore_sdk import CastCoreError, Params, Severity

HAPPENED = "happened"
"""Channel prefix: ``happened.EVENT`` with ``{"subject", "params", "reason", "at"}``."""

_INFO, _WARNING, _ERROR = Severity.OK, Severity.WARNING, Severity.ERROR
_JOB = "/jobs/{subject}"


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of event; its texts stand in ``locales/*/notifications.json`` under ``event_AREA_NAME``."""

    name: str
    severity: Severity
    params: tuple[str, ...] = ()
    """What its texts show."""
    topic: str = ""
    """Events of one topic and subject belong to one incident; empty: it stands for itself."""
    over: bool = False
    """It ends the incident of its topic."""
    page: str = ""
    """The page that shows more; ``{subject}`` is what stands in front of the subject's first slash."""

    @property
    def text(self) -> str:
        """The code of its texts."""
        return f"notifications.event_{self.name.replace('.', '_')}"


EVENTS: Mapping[str, EventKind] = {
    kind.name: kind
    for kind in (
        EventKind("job.started", _INFO, ("job",), page=_JOB),
        EventKind("job.stopped", _INFO, ("job",), page=_JOB),
        EventKind("job.ended", _INFO, ("job",), page=_JOB),
        EventKind("job.interrupted", _WARNING, ("job",), "job", page=_JOB),
        EventKind("job.failed", _ERROR, ("job",), "job", page=_JOB),
        EventKind("job.gave_up", _ERROR, ("job", "attempts"), "job", page=_JOB),
        EventKind("job.recovered", _INFO, ("job",), "job", over=True, page=_JOB),
        EventKind("source.lost", _WARNING, ("job",), "source", page=_JOB),
        EventKind("source.back", _INFO, ("job",), "source", over=True, page=_JOB),
        EventKind("output.down", _WARNING, ("job", "output"), "output", page=_JOB),
        EventKind("output.refused", _ERROR, ("job", "output"), "output", page=_JOB),
        EventKind("output.up", _INFO, ("job", "output"), "output", over=True, page=_JOB),
        EventKind("verdict.trouble", _WARNING, ("job", "output"), "verdict", page=_JOB),
        EventKind("verdict.rejected", _ERROR, ("job", "output"), "verdict", page=_JOB),
        EventKind("verdict.fine", _INFO, ("job", "output"), "verdict", over=True, page=_JOB),
        EventKind("encoder.fallback", _WARNING, ("job", "encoder", "instead"), page=_JOB),
        EventKind("platform.reauthentication", _ERROR, ("platform", "account"), "account"),
        EventKind("platform.connected", _INFO, ("platform", "account"), "account", over=True),
        EventKind("storage.failing", _WARNING, ("source",), "storage"),
        EventKind("storage.back", _INFO, ("source",), "storage", over=True),
        EventKind("plugin.quarantined", _ERROR, ("plugin",), "plugin", page="/plugins"),
        EventKind("plugin.failed", _WARNING, ("plugin",), "plugin", page="/plugins"),
        EventKind("plugin.working", _INFO, ("plugin",), "plugin", over=True, page="/plugins"),
        EventKind("server.safe_mode", _ERROR, (), "safe_mode", page="/plugins"),
        EventKind("server.normal_mode", _INFO, (), "safe_mode", over=True, page="/plugins"),
        EventKind("disk.low", _WARNING, ("folder", "free"), "disk"),
        EventKind("disk.full", _ERROR, ("folder", "free"), "disk"),
        EventKind("disk.enough", _INFO, ("folder", "free"), "disk", over=True),
        EventKind("notification.failing", _WARNING, ("target",), "target"),
        EventKind("notification.working", _INFO, ("target",), "target", over=True),
        EventKind("notification.left_out", _WARNING, ("count",)),
    )
}

ENDINGS: Mapping[str, EventKind] = {kind.topic: kind for kind in EVENTS.values() if kind.over}
"""Topic → the event that ends its incidents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A code of the catalogues with its parameters."""

    code: str
    params: Params = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event that happened to ``subject``: the id of a job, ``JOB/OUTPUT``, the id of a storage source."""

    kind: EventKind
    subject: str
    params: Params = field(default_factory=dict)
    reason: Reason | None = None
    at: float = field(default_factory=time.time)
    """Unix time."""


async def report(
    bus: Bus, event: str, subject: str, *, params: Params | None = None, reason: CastCoreError | None = None
) -> None:
    """Say that ``event`` of :data:`EVENTS` happened; never waits for anybody.

    ``params`` have what the event's texts show, ``reason`` is what lies behind it. Report what is bad as often as you
    see it, and what is good again too: repeats cost nothing and are not told twice. Raises ValueError for an event or
    a set of parameters that is not in the table.
    """
    kind, given = EVENTS.get(event), dict(params or {})
    if kind is None or set(given) != set(kind.params):
        raise ValueError(f"no such event, or not its parameters: {event} {sorted(given)}")
    said: dict[str, Any] = {"subject": subject, "params": given, "reason": None, "at": time.time()}
    if reason is not None:
        said["reason"] = {"code": reason.code, "params": dict(reason.params)}
    await bus.publish(f"{HAPPENED}.{event}", said)


def happening(channel: str, data: Mapping[str, Any]) -> Happening | None:
    """Return what an event on the bus says; None where this version does not know it."""
    kind = EVENTS.get(channel.removeprefix(f"{HAPPENED}."))
    if kind is None:
        return None
    reason = data.get("reason")
    return Happening(
        kind=kind,
        subject=str(data["subject"])[:200],
        params=dict(data["params"]),
        reason=Reason(code=str(reason["code"]), params=dict(reason["params"])) if reason else None,
        at=float(data["at"]),
    )
