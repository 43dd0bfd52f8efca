"""Optimistic concurrency: change an object only if it still is as it was seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from castcore_core.error import PreconditionError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def revision_of(updated_at: datetime) -> str:
    """Return the revision of an object that was last changed then; it differs after every change."""
    return f"{(updated_at - _EPOCH) // timedelta(microseconds=1):x}"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the caller has seen: revisions, or the time of the last change; both ``None`` expect nothing."""

    revisions: frozenset[str] | None = None
    since: datetime | None = None

    def check(self, updated_at: datetime) -> None:
        """Raise PreconditionError ``conflict.changed`` where the object was changed meanwhile.

        Check and change belong into one transaction, or the change filters by ``updated_at``.
        """
        changed = self.revisions is not None and not {"*", revision_of(updated_at)} & self.revisions
        if self.revisions is None and self.since is not None:
            # HTTP dates have whole seconds, RFC 3339 times all of it.
            exact = updated_at if self.since.microsecond else updated_at.replace(microsecond=0)
            changed = exact > self.since
        if changed:
            raise PreconditionError("conflict.changed")
