"""Bound what one target gets, so that a storm of events is no storm of messages. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field

from castcore_sdk import Severity


@dataclass
class Flood:
    """A bucket for each target and severity: ``burst`` messages at once, then one every ``every`` seconds.

    Warnings can thus never use up what errors need. What was left out is told ``pause`` seconds after it began.
    """

    burst: int = 20
    every: float = 6.0
    pause: float = 60.0
    left_out: Counter[Hashable] = field(default_factory=Counter)
    """Target → messages that it did not get since it was last told so."""
    _since: dict[Hashable, float] = field(default_factory=dict)
    _buckets: dict[tuple[Hashable, Severity], tuple[float, float]] = field(default_factory=dict)

    def admit(self, target: Hashable, severity: Severity, now: float) -> bool:
        """Take a place in the bucket, or count what finds none."""
        level, at = self._buckets.get((target, severity), (float(self.burst), now))
        level = min(float(self.burst), level + max(0.0, now - at) / self.every)
        self._buckets[target, severity] = (level - 1 if level >= 1 else level, now)
        if level < 1:
            self.leave_out(target, now)
        return level >= 1

    def leave_out(self, target: Hashable, now: float) -> None:
        """Count a message that a target does not get."""
        self.left_out[target] += 1
        self._since.setdefault(target, now)

    def settle(self, target: Hashable, now: float) -> int:
        """Return how many messages were left out once it is time to say so, and begin anew; else 0."""
        if target not in self._since or now - self._since[target] < self.pause:
            return 0
        del self._since[target]
        return self.left_out.pop(target)

    def forget(self, target: Hashable) -> None:
        """Know a target no more."""
        self.left_out.pop(target, None)
        self._since.pop(target, None)
        for key in [key for key in self._buckets if key[0] == target]:
            del self._buckets[key]
