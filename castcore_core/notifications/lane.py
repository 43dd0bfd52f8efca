"""One target's lane: its messages in their order, each tried again until it is through or too old.

Lanes know nothing of each other, so a target that hangs keeps nobody else waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import structlog

from castcore_core.db import utc_now
from castcore_core.db.outage import is_outage
from castcore_core.events import Bus
from castcore_core.notifications.delivery import Configured, Sender, failure
from castcore_core.notifications.event import report
from castcore_core.notifications.models import NotificationDelivery, NotificationTarget
from castcore_sdk import CastCoreError, TemporaryError

FIRST_S = 5.0
LONGEST_S = 900.0
_PATIENCE = 3
"""Failures in a row after which other targets are told."""
_RETRY_AFTER_S = 3600.0
"""The longest wait that the other side may ask for."""
_IDLE_S = 3600.0
_OUTAGE_S = 2.0
_TIDY_EVERY = 50
KEPT = 500
"""Messages of one target that the log keeps."""
KEPT_FOR = timedelta(days=30)

_log = structlog.get_logger(__name__)


class Lane:
    """Sends what is queued for one target until it is cancelled."""

    def __init__(self, configurations: Configured, bus: Bus, target: NotificationTarget) -> None:
        self._configurations = configurations
        self._bus = bus
        self._sender = Sender(configurations, target)
        self._wake = asyncio.Event()
        self._failures = 0
        self._not_before = 0.0
        self._done = 0
        self._renew = False
        self._ending = False

    @property
    def target(self) -> NotificationTarget:
        """The target as it is known."""
        return self._sender.target

    def wake(self) -> None:
        """Say that there is something to send."""
        self._wake.set()

    def renew(self, target: NotificationTarget) -> None:
        """Take the target as it is now; a message that is under way is not broken off."""
        self._sender.target = target
        self._renew, self._not_before = True, 0.0
        self._wake.set()

    def end(self) -> None:
        """Let :meth:`run` return after the message that is under way."""
        self._ending = True
        self._wake.set()

    async def run(self) -> None:
        """Send until it is ended or cancelled."""
        try:
            while not self._ending:
                self._wake.clear()
                try:
                    wait = await self._step()
                except Exception as error:  # an outage of the database, for instance: the lane must outlive it
                    if not is_outage(error):
                        _log.error("notification not sent", target=str(self.target.id), exc_info=error)
                    wait = _OUTAGE_S
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._wake.wait()
        finally:
            await asyncio.shield(self._sender.close())

    async def _step(self) -> float:
        """Send what is next and return the seconds until there may be more."""
        if self._renew:
            self._renew = False
            await self._sender.close()
        pause = self._not_before - time.monotonic()
        if pause > 0:
            return pause
        queued = NotificationDelivery.filter(target_id=self.target.id, state="queued")
        row = await queued.filter(next_attempt__lte=utc_now()).order_by("created_at").first()
        if row is None:
            coming = await queued.order_by("next_attempt").first()
            return _IDLE_S if coming is None else max(0.01, (coming.next_attempt - utc_now()).total_seconds())
        if self._failures and utc_now() >= row.expires_at:
            await self._record(row, state="failed", done_at=utc_now(), code=row.code or "notifications.expired")
            return 0.0
        await self._attempt(row)
        return 0.0

    async def _attempt(self, row: NotificationDelivery) -> None:
        try:
            answer = await self._sender.send(row)
        except CastCoreError as error:
            await self._fail(row, error)
        else:
            await self._succeed(row, answer)

    async def _succeed(self, row: NotificationDelivery, answer: str) -> None:
        failed_before, self._failures = self._failures, 0
        done = {"state": "sent", "done_at": utc_now(), "answer": answer, "code": "", "code_params": {}}
        await self._record(row, attempts=row.attempts + 1, **done)
        if failed_before or self.target.last_state == "failed":
            await self._say("notification.working")
        await self._note("sent", "")
        self._done += 1
        if self._done % _TIDY_EVERY == 1:
            await tidy(self.target)

    async def _fail(self, row: NotificationDelivery, error: CastCoreError) -> None:
        self._failures += 1
        answer, code, params = failure(error)
        again = isinstance(error, TemporaryError) or code == "extensions.type_unknown"
        known = {"attempts": row.attempts + 1, "answer": answer, "code": code, "code_params": params}
        wait = self._pause(error)
        if again:
            self._not_before = time.monotonic() + wait
        if again and utc_now() + timedelta(seconds=wait) < row.expires_at:
            await self._record(row, next_attempt=utc_now() + timedelta(seconds=wait), **known)
        else:
            await self._record(row, state="failed", done_at=utc_now(), **known)
        if not again or self._failures >= _PATIENCE:
            await self._say("notification.failing", error)
            await self._note("failed", code)

    def _pause(self, error: CastCoreError) -> float:
        """Return the seconds until the next attempt: twice as many each time, and at least what was asked for."""
        own: float = min(LONGEST_S, FIRST_S * 2 ** min(self._failures - 1, 10)) * random.uniform(0.8, 1.2)
        asked = error.retry_after if isinstance(error, TemporaryError) else None
        return max(own, min(asked.total_seconds(), _RETRY_AFTER_S)) if asked else own

    async def _record(self, row: NotificationDelivery, **values: Any) -> None:
        """Store what came of a message; it is not sent again because the database was away."""
        await persistently(lambda: NotificationDelivery.filter(id=row.id).update(**values))

    async def _note(self, state: str, code: str) -> None:
        target = self.target
        target.last_state, target.last_code, target.last_at = state, code, utc_now()
        values = {"last_state": state, "last_code": code, "last_at": target.last_at}
        await NotificationTarget.filter(id=target.id).update(**values)

    async def _say(self, event: str, error: CastCoreError | None = None) -> None:
        if error is not None:
            _log.warning("notifications do not arrive", target=self.target.name, code=error.code)
        await report(self._bus, event, str(self.target.id), params={"target": self.target.name}, reason=error)


async def persistently(write: Callable[[], Awaitable[object]]) -> None:
    """Write until the database takes it."""
    while True:
        try:
            await write()
            return
        except Exception as error:
            if not is_outage(error):
                raise
            await asyncio.sleep(_OUTAGE_S)


async def tidy(target: NotificationTarget) -> None:
    """Remove what the log no longer keeps of a target."""
    done = NotificationDelivery.filter(target_id=target.id).exclude(state="queued")
    oldest = await done.order_by("-created_at").offset(KEPT).limit(1).values("created_at")
    before: datetime = max([utc_now() - KEPT_FOR, *(row["created_at"] for row in oldest)])
    await done.filter(created_at__lte=before).delete()
