"""Connecting without a browser of our own: a code that a person types at the platform (RFC 8628)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Literal
from uuid import UUID

import structlog

from castcore_core.audit import Audit
from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.db.outage import is_outage
from castcore_core.platforms.event import tell
from castcore_core.platforms.kind import provider_of
from castcore_core.platforms.models import DeviceGrant
from castcore_core.platforms.service import PlatformAccounts
from castcore_core.platforms.token import AccountTokens, account_row
from castcore_core.platforms.visit import target
from castcore_core.plugins.host import PluginHost
from castcore_sdk.errors import AuthenticationError, CastCoreError, ConfigurationError, NotFoundError, TemporaryError

_SLOWER = 5
"""Seconds that ``slow_down`` adds (RFC 8628, 3.5)."""
_SLOWEST = 300
_IDLE_S = 60.0
_AGAIN_S = 5.0
_CODES = {"expired_token": "oauth.device_expired", "access_denied": "oauth.access_denied"}

DeviceState = Literal["pending", "failed"]

_log = structlog.get_logger(__name__)


class DeviceGrants:
    """Codes that are to be typed, and the questions whether somebody has; they go on after a restart."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._host = core.get(PluginHost)
        self._tokens = core.get(AccountTokens)
        self._audit = core.get(Audit)
        self._wake = asyncio.Event()

    async def begin(self, account_id: UUID) -> DeviceGrant:
        """Get a code in place of an older one.

        Raises NotFoundError, ConfigurationError ``platforms.no_device``, AuthenticationError ``oauth.refused``,
        TemporaryError ``oauth.unreachable``.
        """
        row = await account_row(account_id)
        if provider_of(self._host, row.type).device_url is None:
            raise ConfigurationError("platforms.no_device", params={"type": row.type})
        given = await self._tokens.endpoint(row).begin_device()
        await DeviceGrant.filter(account_id=row.id).delete()
        grant = DeviceGrant(
            account=row,
            user_code=given.user_code,
            verification_url=given.url,
            verification_url_complete=given.url_complete,
            interval=max(1, round(given.interval.total_seconds())),
            ask_at=utc_now() + given.interval,
            expires_at=given.expires_at,
        )
        grant.device_code = self._core.ring.lock(given.device_code, _place(grant))
        await grant.save()
        await self._audit.record("platforms.device_begun", target=target(row))
        await tell(self._core.bus, row, state="connecting")
        self.look()
        return grant

    async def get(self, account_id: UUID) -> DeviceGrant:
        """Return the code that is waiting, or has come to nothing. Raises NotFoundError ``oauth.no_device_code``."""
        await account_row(account_id)
        found = await DeviceGrant.get_or_none(account_id=account_id)
        if found is None:
            raise NotFoundError("oauth.no_device_code")
        return found

    async def cancel(self, account_id: UUID) -> None:
        """Forget the code. Raises NotFoundError."""
        row = await account_row(account_id)
        if await DeviceGrant.filter(account_id=account_id).delete():
            await tell(self._core.bus, row)

    def look(self) -> None:
        """Look at the codes now: one may be due earlier than those before."""
        self._wake.set()

    async def keep(self) -> None:
        """Ask whenever it is time, until cancelled."""
        while True:
            self._wake.clear()
            try:
                wait = await self._ask_due()
            except Exception as error:  # this loop must outlive everything
                _log.warning("device codes not looked at", error=type(error).__name__, exc_info=not is_outage(error))
                wait = _AGAIN_S
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _ask_due(self) -> float:
        now = utc_now()
        due = await DeviceGrant.filter(code="", ask_at__lte=now).select_related("account")
        await asyncio.gather(*(self._ask(grant) for grant in due))
        coming = await DeviceGrant.filter(code="").order_by("ask_at").first()
        return _IDLE_S if coming is None else min(_IDLE_S, max(0.05, (coming.ask_at - utc_now()).total_seconds()))

    async def _ask(self, grant: DeviceGrant) -> None:
        # Also another process may look at this table: whoever moves the next question on asks this one.
        following = utc_now() + timedelta(seconds=grant.interval)
        if not await DeviceGrant.filter(id=grant.id, ask_at=grant.ask_at, code="").update(ask_at=following):
            return
        try:
            if grant.expires_at <= utc_now():
                raise AuthenticationError("oauth.refused", params={"reason": "expired_token"})
            device_code = self._core.ring.unlock(grant.device_code, _place(grant))
            tokens = await self._tokens.endpoint(grant.account).ask_device(device_code)
        except TemporaryError as error:
            # RFC 8628, 3.5: slower after a connection that timed out.
            await self._slow_down(grant, error.retry_after)
        except AuthenticationError as error:
            await self._refused(grant, str(error.params.get("reason")))
        except CastCoreError as error:
            await self._end(grant, error.code)
        else:
            if await DeviceGrant.filter(id=grant.id).delete():
                await self._tokens.put(grant.account.id, tokens)
                await self._audit.record("platforms.connected", target=target(grant.account))
                await self._core.get(PlatformAccounts).name_account(grant.account.id)

    async def _refused(self, grant: DeviceGrant, reason: str) -> None:
        if reason == "slow_down":
            await self._slow_down(grant, None)
        elif reason != "authorization_pending":
            await self._end(grant, _CODES.get(reason, "oauth.refused"))

    async def _slow_down(self, grant: DeviceGrant, wait: timedelta | None) -> None:
        interval = min(_SLOWEST, grant.interval + _SLOWER)
        following = utc_now() + max(timedelta(seconds=interval), wait or timedelta())
        await DeviceGrant.filter(id=grant.id, code="").update(interval=interval, ask_at=following)

    async def _end(self, grant: DeviceGrant, code: str) -> None:
        await DeviceGrant.filter(id=grant.id).update(code=code)
        await tell(self._core.bus, await account_row(grant.account.id))


def _place(grant: DeviceGrant) -> str:
    return f"device_grant/{grant.id}"
