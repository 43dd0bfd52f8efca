"""What the API has cost today: Google gives a project so many units a day, from midnight to midnight Pacific time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from castcore_sdk import CheckResult, DocumentStore, Params, Severity
from castcore_youtube.answer import number, text
from castcore_youtube.lock import lock

_PACIFIC = ZoneInfo("America/Los_Angeles")
_COLLECTION = "quota"
_NEAR = 0.8
"""Part of the day's units from which people are warned and fewer questions are asked."""

Clock = Callable[[], datetime]
"""Returns the time, with its zone."""


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


class Quota:
    """The account book of one Google project, kept in the plugin's documents and shared by all its destinations."""

    def __init__(self, store: DocumentStore, client_id: str, daily: int, clock: Clock = now) -> None:
        self._store = store
        self._key = sha256(client_id.encode()).hexdigest()[:32]
        self._daily = daily
        self.clock = clock

    async def spend(self, units: int) -> None:
        """Note what a request costs; those that fail cost it, too."""
        async with lock(f"quota:{self._key}"):
            used, _ = await self._read()
            await self._write(used + units, used_up=False)

    async def use_up(self) -> None:
        """Note that Google said so, whatever the book says: others may work with the same project."""
        async with lock(f"quota:{self._key}"):
            used, _ = await self._read()
            await self._write(used, used_up=True)

    async def used_up(self) -> bool:
        """Tell whether Google's last answer of today was that nothing is left."""
        return (await self._read())[1]

    async def near(self) -> bool:
        """Tell whether most of today's units are spent."""
        used, used_up = await self._read()
        return used_up or used >= self._daily * _NEAR

    async def result(self) -> CheckResult:
        """Say how much of today's units is spent."""
        used, used_up = await self._read()
        params: Params = {"used": used, "limit": self._daily, "until": self.midnight().strftime("%H:%M")}
        if used_up:
            return CheckResult(code="youtube.quota_used_up", severity=Severity.ERROR, params=params)
        near = used >= self._daily * _NEAR
        code = "youtube.quota_near" if near else "youtube.quota_fine"
        return CheckResult(code=code, severity=Severity.WARNING if near else Severity.OK, params=params)

    def midnight(self) -> datetime:
        """Return when the next day begins, in UTC."""
        today = self.clock().astimezone(_PACIFIC)
        tomorrow = (today + timedelta(days=1)).date()
        return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=_PACIFIC).astimezone(UTC)

    def wait(self) -> timedelta:
        """Return how long it is until then."""
        return self.midnight() - self.clock()

    def _today(self) -> str:
        return self.clock().astimezone(_PACIFIC).date().isoformat()

    async def _read(self) -> tuple[int, bool]:
        document = await self._store.get(_COLLECTION, self._key) or {}
        if text(document, "day") != self._today():
            return 0, False
        return number(document, "used") or 0, document.get("used_up") is True

    async def _write(self, used: int, *, used_up: bool) -> None:
        await self._store.put(_COLLECTION, self._key, {"day": self._today(), "used": used, "used_up": used_up})
