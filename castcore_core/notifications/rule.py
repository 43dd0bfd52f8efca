"""Who is told of what. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from castcore_core.notifications.event import EVENTS
from castcore_core.notifications.incident import Told
from castcore_core.notifications.models import NotificationTarget
from castcore_core.notifications.quiet import QuietHours
from castcore_sdk import LEVELS, Severity

_ORDER = list(LEVELS)
SEVERITIES = {name: severity for severity, name in LEVELS.items()}
_PATTERN = re.compile(r"\*|[a-z_]+\.(\*|[a-z_]+)")


def is_pattern(text: str) -> bool:
    """Tell whether ``text`` names an event, or all of an area (``job.*``), or everything (``*``)."""
    if not _PATTERN.fullmatch(text):
        return False
    return any(matches([text], name) for name in EVENTS)


def matches(patterns: Collection[str], event: str) -> bool:
    """Tell whether one of ``patterns`` means ``event``."""
    return not {"*", event, f"{event.partition('.')[0]}.*"}.isdisjoint(patterns)


def wants(target: NotificationTarget, told: Told) -> bool:
    """Tell whether ``target`` is to have a message: by its events and its least level."""
    what = told.what
    if what.kind.topic == "target" and what.subject == str(target.id):
        return False
    loud = _ORDER.index(what.kind.severity) >= _ORDER.index(SEVERITIES[target.min_level])
    return loud and matches(target.events, what.kind.name)


def quiet_hours(target: NotificationTarget, severity: Severity) -> QuietHours | None:
    """Return the hours in which a message of ``severity`` waits; None where it never does."""
    if target.quiet_hours is None:
        return None
    kept: dict[str, Any] = target.quiet_hours
    hours = QuietHours.model_validate(kept)
    return None if hours.errors_pass and severity is Severity.ERROR else hours
