"""How fast Twitch may be asked: its ``Ratelimit-*`` headers, and patience with outages."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta

from castcore_sdk import TemporaryError

_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=5)
_MINUTE = timedelta(seconds=60)


class Pace:
    """What the last answers said; one for each destination."""

    def __init__(self) -> None:
        self._failed = 0
        self._until = 0.0
        """Unix time until which nothing is left of the minute's points."""

    def admit(self) -> None:
        """Raise TemporaryError ``twitch.too_fast`` while no points are left."""
        left = self._until - time.time()
        if left > 0:
            raise TemporaryError("twitch.too_fast", retry_after=timedelta(seconds=left))

    def note(self, headers: Mapping[str, str]) -> None:
        """Remember what an answer said."""
        if headers.get("ratelimit-remaining") == "0":
            self._until = time.time() + self._reset(headers).total_seconds()

    def wait(self, headers: Mapping[str, str]) -> timedelta:
        """Return how long a 429 asks to stay away."""
        wait = self._reset(headers)
        self._until = time.time() + wait.total_seconds()
        return wait

    def succeed(self) -> None:
        """Begin anew."""
        self._failed = 0

    def fail(self) -> timedelta:
        """Return how long to stay away after one more failure in a row."""
        self._failed += 1
        return min(_FIRST_WAIT * float(2 ** min(self._failed - 1, 10)), _LONGEST_WAIT)

    def _reset(self, headers: Mapping[str, str]) -> timedelta:
        """Read ``Ratelimit-Reset``, a Unix time, or ``Retry-After``; a minute where both are missing or nonsense."""
        reset, after = headers.get("ratelimit-reset", ""), headers.get("retry-after", "")
        if reset.isascii() and reset.isdigit() and len(reset) < 12:
            return min(max(timedelta(seconds=int(reset) - time.time()), timedelta(seconds=1)), _LONGEST_WAIT)
        if after.isascii() and after.isdigit() and len(after) < 6:
            return min(timedelta(seconds=int(after)), _LONGEST_WAIT)
        return _MINUTE
