"""Bring the accounts into the server's life."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

from castcore_core.accounts.actor import Accounts
from castcore_core.accounts.api_token import ApiTokens
from castcore_core.accounts.limit import Limits
from castcore_core.accounts.models import ProviderVisit, RefreshToken, Session, Ticket
from castcore_core.accounts.password import Passwords
from castcore_core.accounts.provider import Provider
from castcore_core.accounts.session import Sessions
from castcore_core.accounts.sign_in import SignIn
from castcore_core.accounts.ticket import Tickets
from castcore_core.accounts.two_factor import TwoFactor
from castcore_core.accounts.user import Users
from castcore_core.audit import Audit
from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.settings import Settings

_log = structlog.get_logger(__name__)
_CLEAN_S = 3600.0
_USED_KEPT = timedelta(days=14)


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Provide the services of accounts, and clean up what is over once an hour."""
    audit, settings = core.get(Audit), core.get(Settings)
    passwords, limits = Passwords(), Limits()
    sessions, tokens = Sessions(core.ring, audit, limits), ApiTokens(audit)
    accounts, users = Accounts(sessions, tokens), Users(passwords, audit)
    two_factor = TwoFactor(core.ring, audit)
    services = (passwords, limits, sessions, tokens, accounts, users, two_factor)
    for service in (*services, Tickets(accounts), SignIn(passwords, two_factor, limits, audit)):
        core.provide(service)
    core.provide(Provider(core.ring, settings, users, audit))
    cleaner = asyncio.create_task(_clean_hourly(audit, settings))
    try:
        yield
    finally:
        cleaner.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await cleaner
        await asyncio.to_thread(passwords.close)


async def clean(audit: Audit, settings: Settings) -> None:
    """Remove sessions, tickets and provider visits that are over, and what the audit log no longer keeps."""
    now = utc_now()
    for kind in (Session, Ticket, ProviderVisit):
        await kind.filter(expires_at__lt=now).delete()
    # A token that was used two weeks ago would only tell of a theft from a session that lives on; its digest still
    # fits nothing, so it is refused all the same.
    await RefreshToken.filter(used_at__lt=now - _USED_KEPT).delete()
    await audit.prune(timedelta(days=(await settings.read()).audit_days))


async def _clean_hourly(audit: Audit, settings: Settings) -> None:
    while True:
        await asyncio.sleep(_CLEAN_S)
        try:
            await clean(audit, settings)
        except Exception as error:  # the database may be away; the next hour finds it again
            _log.warning("cleaning failed", error=type(error).__name__)
