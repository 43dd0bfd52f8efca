"""Bound what one target gets, so that a storm of events is no storm of messages. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field

from castcore_sdk import Severity


@dataclass
class Flood:
    """A bucket for each target and severity: ``burst`` messages at once, then one every ``every`` seconds.

    Warnings can thus never use up what errors need.
    """

    burst: int = 20
    every: float = 6.0
    left_out: Counter[Hashable] = field(default_factory=Counter)
    """Target → messages that it did not get since it was last told so."""
    _buckets: dict[tuple[Hashable, Severity], tuple[float, float]] = field(default_factory=dict)

    def admit(self, target: Hashable, severity: Severity, now: float) -> bool:
        """Take a place in the bucket; count what finds none."""
        level, at = self._buckets.get((target, severity), (float(self.burst), now))
        level = min(float(self.burst), level + max(0.0, now - at) / self.every)
        if level < 1:
            self._buckets[target, severity] = (level, now)
            self.left_out[target] += 1
            return False
        self._buckets[target, severity] = (level - 1, now)
        return True

    def settle(self, target: Hashable, now: float) -> int:
        """Return how many messages were left out, once there is a place again to say so; else 0."""
        level, at = self._buckets.get((target, Severity.WARNING), (float(self.burst), now))
        if not self.left_out[target] or level + (now - at) / self.every < 1:
            return 0
        return self.left_out.pop(target)

    def forget(self, target: Hashable) -> None:
        """Know a target no more."""
        self.left_out.pop(target, None)
        for key in [key for key in self._buckets if key[0] == target]:
            del self._buckets[key]
