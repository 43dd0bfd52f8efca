"""The tokens of accounts: renewed before they expire, by one task of one process, and kept before anybody uses them.

A refresh token that rotates is worth one request. So a process claims the row (``renewing_until``, ``renewing_by``)
before it asks, and stores the answer under the revision that it has read; who finds the row claimed waits for the next
revision. A process that dies between the platform's answer and the row loses that answer: the next one asks with the
old token, at once where it can see that the claimant is gone, else when the claim has run out. Where the platform
refuses it, a person has to connect the account again. Nothing can close that gap from this side; it is as long as one
write to the database.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from tortoise.expressions import F, Q

from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.db.outage import is_outage
from castcore_core.platforms.claim import is_gone, myself
from castcore_core.platforms.event import REAUTHENTICATION, AccountState, tell
from castcore_core.platforms.kind import provider_of
from castcore_core.platforms.models import PlatformAccount
from castcore_core.platforms.vault import client_secret, lock_tokens, tokens_of
from castcore_core.plugins.host import PluginHost
from castcore_sdk.errors import AuthenticationError, CastCoreError, NotFoundError, TemporaryError

if TYPE_CHECKING:
    from castcore_core.platforms.endpoint import Endpoint, Tokens

MARGIN = timedelta(seconds=60)
"""So long before it expires a token is not used any more."""
_AHEAD = timedelta(minutes=5)
"""So long before, it is renewed although nobody needs it."""
_CLAIM = timedelta(seconds=25)
"""Longer than a request may take (10 s to connect, 20 s altogether)."""
_REQUEST_S = 20.0
_PATIENCE_S = 30.0
_LOOK_S = 0.1
_PACE_S = 30.0
_AGAIN_S = 1.0
_LAST_S = 3.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Access:
    """An access token, and the revision of the row that it stood in."""

    token: str = field(repr=False)
    revision: int


class AccountTokens:
    """The tokens of all accounts."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._host = core.get(PluginHost)
        self._name = myself()
        self._renewing: dict[UUID, asyncio.Task[None]] = {}
        self._told_to_wait: dict[UUID, float] = {}

    async def access(self, account_id: UUID, *, spent: int | None = None) -> Access:
        """Return a token that can be used; ``spent`` is the revision of one that the platform has refused.

        Raises AuthenticationError ``platforms.not_connected`` or ``platforms.reauthentication``, TemporaryError
        ``oauth.unreachable``, NotFoundError.
        """
        row = await account_row(account_id)
        if _is_due(row, spent):
            try:
                await self.renew(account_id, spent=row.revision, refused=spent is not None)
            except TemporaryError:
                if spent is not None or _is_expired(row):
                    raise
                # It is good for another moment, and the platform may be back by then.
            row = await account_row(account_id)
        return self._open(row)

    async def renew(self, account_id: UUID, *, spent: int, refused: bool = False) -> None:
        """Get new tokens in place of those of revision ``spent``; for all who ask at the same time, once.

        ``refused``: the platform does not take the old ones any more, whatever their time says.
        """
        if (until := self._told_to_wait.get(account_id, 0.0)) > time.monotonic():
            wait = timedelta(seconds=until - time.monotonic())
            raise TemporaryError("oauth.unreachable", retry_after=wait, params={"reason": "busy"})
        task = self._renewing.get(account_id)
        if task is None:
            task = asyncio.create_task(self._renew(account_id, spent, refused), name=f"tokens of {account_id}")
            self._renewing[account_id] = task
            task.add_done_callback(lambda done: self._renewed(account_id, done))
        # Whoever gives up waiting does not take the answer from the others, nor from the row.
        await asyncio.shield(task)

    async def put(self, account_id: UUID, tokens: Tokens) -> None:
        """Keep the tokens that somebody has just agreed to. Raises NotFoundError."""
        locked = lock_tokens(self._core.ring, account_id, tokens.access, tokens.refresh)
        changed = await PlatformAccount.filter(id=account_id).update(
            tokens=locked,
            expires_at=tokens.expires_at,
            scopes=tokens.scopes,
            state="connected",
            code="",
            params={},
            renewing_until=None,
            revision=F("revision") + 1,
        )
        if not changed:
            raise NotFoundError("platforms.not_found")
        await tell(self._core.bus, await account_row(account_id))

    def endpoint(self, row: PlatformAccount) -> Endpoint:
        """Return the platform's endpoints for an account. Raises CastCoreError."""
        # Imported on use: authlib is heavy, and a server without accounts starts faster without it.
        from castcore_core.platforms.endpoint import Endpoint

        return Endpoint(provider_of(self._host, row.type), row.client_id, client_secret(self._core.ring, row))

    async def keep(self) -> None:
        """Renew what is about to expire, until cancelled: so a withdrawn permission is noticed while nobody waits."""
        while True:
            try:
                due = PlatformAccount.filter(state="connected", expires_at__lt=utc_now() + _AHEAD)
                for account_id, revision in await due.values_list("id", "revision"):
                    await self._renew_ahead(account_id, revision)
            except Exception as error:  # this loop must outlive everything
                _log.warning("accounts not looked at", error=type(error).__name__, exc_info=not is_outage(error))
            await asyncio.sleep(_PACE_S)

    async def aclose(self) -> None:
        """Give renewals that are under way a moment to be kept."""
        if self._renewing:
            _, late = await asyncio.wait(self._renewing.values(), timeout=_LAST_S)
            for task in late:
                task.cancel()

    async def _renew_ahead(self, account_id: UUID, revision: int) -> None:
        try:
            await self.renew(account_id, spent=revision)
        except CastCoreError as error:
            _log.info("account not renewed", account=str(account_id), code=error.code, params=error.params)

    def _renewed(self, account_id: UUID, task: asyncio.Task[None]) -> None:
        self._renewing.pop(account_id, None)
        # Known to whoever waited; where nobody did any more, it is no news.
        error = None if task.cancelled() else task.exception()
        if isinstance(error, TemporaryError) and error.retry_after:
            self._told_to_wait[account_id] = time.monotonic() + error.retry_after.total_seconds()
        else:
            self._told_to_wait.pop(account_id, None)

    async def _renew(self, account_id: UUID, spent: int, refused: bool) -> None:
        row = await account_row(account_id)
        known = tokens_of(self._core.ring, row)
        if known is not None and known[1] is None and not (refused or _is_expired(row)):
            return  # such a token is used to its end
        claimed = await self._claim(account_id, spent)
        if claimed is None:
            return
        row = claimed
        try:
            tokens = await self._ask(row)
        except AuthenticationError as error:
            await self._give_up(row, error)
            raise needs_person(row) from None
        except BaseException:
            await PlatformAccount.filter(id=row.id, revision=row.revision).update(renewing_until=None)
            raise
        await self._keep_safe(row, tokens)

    async def _claim(self, account_id: UUID, spent: int) -> PlatformAccount | None:
        """Return the row once it is this process's to renew, None where another one has done it meanwhile."""
        until = asyncio.get_running_loop().time() + _PATIENCE_S
        while True:
            row = await account_row(account_id)
            if row.revision > spent:
                return None
            now = utc_now()
            free = Q(renewing_until__isnull=True) | Q(renewing_until__lt=now)
            if row.renewing_until is not None and is_gone(row.renewing_by):
                free |= Q(renewing_by=row.renewing_by)
            claim = PlatformAccount.filter(free, id=account_id, revision=row.revision)
            if await claim.update(renewing_until=now + _CLAIM, renewing_by=self._name):
                return row
            if asyncio.get_running_loop().time() > until:
                raise TemporaryError("oauth.unreachable", params={"reason": "busy"})
            await asyncio.sleep(_LOOK_S)

    async def _ask(self, row: PlatformAccount) -> Tokens:
        known = tokens_of(self._core.ring, row)
        if known is None:
            raise AuthenticationError("oauth.refused", params={"reason": "not_connected"})
        if known[1] is None:
            raise AuthenticationError("oauth.refused", params={"reason": "no_refresh_token"})
        try:
            async with asyncio.timeout(_REQUEST_S):
                return await self.endpoint(row).renew(known[1])
        except TimeoutError:
            raise TemporaryError("oauth.unreachable", params={"reason": "timeout"}) from None

    async def _keep_safe(self, row: PlatformAccount, tokens: Tokens) -> None:
        """Store the tokens; as long as the database is away they are nowhere else, so this does not give up."""
        locked = lock_tokens(self._core.ring, row.id, tokens.access, tokens.refresh)
        while True:
            try:
                await PlatformAccount.filter(id=row.id, revision=row.revision).update(
                    tokens=locked,
                    expires_at=tokens.expires_at,
                    scopes=tokens.scopes or row.scopes,
                    state="connected",
                    code="",
                    params={},
                    renewing_until=None,
                    revision=row.revision + 1,
                )
                break
            except Exception as error:
                if not is_outage(error):
                    raise
                _log.warning("database unavailable, new tokens wait", account=row.name)
                await asyncio.sleep(_AGAIN_S)
        if row.state != "connected":
            await tell(self._core.bus, await account_row(row.id))

    async def _give_up(self, row: PlatformAccount, error: AuthenticationError) -> None:
        """Note that only a person can help. The old tokens stay: a test may find that the platform has erred."""
        changed = await PlatformAccount.filter(id=row.id, revision=row.revision).update(
            state="reauthentication", code=error.code, params=error.params, renewing_until=None
        )
        if changed and row.state != "reauthentication":
            _log.warning("account needs to be connected again", account=row.name, reason=error.params.get("reason"))
            await tell(self._core.bus, await account_row(row.id))

    def _open(self, row: PlatformAccount) -> Access:
        state: AccountState = row.state  # type: ignore[assignment]
        if state == "reauthentication":
            raise needs_person(row)
        known = tokens_of(self._core.ring, row)
        if known is None:
            raise AuthenticationError("platforms.not_connected", params={"account": row.name})
        return Access(known[0], row.revision)


async def account_row(account_id: UUID) -> PlatformAccount:
    """Return an account's row. Raises NotFoundError ``platforms.not_found``."""
    row = await PlatformAccount.get_or_none(id=account_id)
    if row is None:
        raise NotFoundError("platforms.not_found")
    return row


def needs_person(row: PlatformAccount) -> AuthenticationError:
    """Return the error that an account has where it must be connected again."""
    return AuthenticationError(REAUTHENTICATION, params={"account": row.name})


def _is_due(row: PlatformAccount, spent: int | None) -> bool:
    if row.state != "connected" or row.tokens is None:
        return False
    if spent is not None:
        return row.revision <= spent
    return row.expires_at is not None and row.expires_at - MARGIN <= utc_now()


def _is_expired(row: PlatformAccount) -> bool:
    return row.expires_at is not None and row.expires_at <= utc_now()
