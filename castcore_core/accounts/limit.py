"""How often somebody may try: token buckets per account and per address, in memory and bounded.

A restart forgets them, and several web processes count each on their own; an attacker gains a handful of guesses.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from castcore_core.error import RateLimitedError

_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``burst`` attempts at once, and ``burst`` more in every ``period``."""

    name: str
    burst: int
    period: timedelta

    @property
    def per_second(self) -> float:
        """How many attempts come back in a second."""
        return self.burst / self.period.total_seconds()


LOGIN_ACCOUNT = Rate("login.account", 10, timedelta(minutes=15))
LOGIN_ADDRESS = Rate("login.address", 30, timedelta(minutes=5))
REFRESH_SESSION = Rate("refresh.session", 20, timedelta(minutes=5))
REFRESH_ADDRESS = Rate("refresh.address", 120, timedelta(minutes=5))
CONFIRM = Rate("confirm.account", 10, timedelta(minutes=15))
"""Password or second factor asked again of somebody who has signed in."""
TOKEN = Rate("token.account", 20, timedelta(minutes=10))
TICKET = Rate("ticket.account", 120, timedelta(minutes=1))
SETUP_ADDRESS = Rate("setup.address", 20, timedelta(minutes=5))
PROVIDER_ADDRESS = Rate("provider.address", 30, timedelta(minutes=5))


class Limits:
    """Count attempts. Keys beyond 20 000 push out the ones that were quiet longest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def take(self, rate: Rate, key: str) -> None:
        """Count one attempt, before its outcome is known. Raises RateLimitedError ``auth.rate_limited``."""
        left, now = self._filled(rate, key)
        if left < 1:
            wait = math.ceil((1 - left) / rate.per_second)
            raise RateLimitedError("auth.rate_limited", retry_after=timedelta(seconds=wait))
        self._keep(rate, key, left - 1, now)

    def give_back(self, rate: Rate, key: str) -> None:
        """Undo one :meth:`take`: the attempt was right."""
        left, now = self._filled(rate, key)
        self._keep(rate, key, min(rate.burst, left + 1), now)

    def forget(self, rate: Rate, key: str) -> None:
        """Start afresh for ``key``."""
        self._left.pop((rate.name, key), None)

    def _filled(self, rate: Rate, key: str) -> tuple[float, float]:
        now = self._clock()
        left, then = self._left.get((rate.name, key), (float(rate.burst), now))
        return min(rate.burst, left + (now - then) * rate.per_second), now

    def _keep(self, rate: Rate, key: str, left: float, now: float) -> None:
        self._left[(rate.name, key)] = (left, now)
        self._left.move_to_end((rate.name, key))
        if len(self._left) > _KEPT:
            self._left.popitem(last=False)


def address_key(address: str) -> str:
    """Return what is counted of an address: of IPv6 the /64, since that much belongs to one household."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address):
        # A server that listens on both sees callers by IPv4 as mapped addresses, all of one /64.
        return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)
