"""The way of a browser to the platform and back: authorization code with PKCE (RFC 6749, 4.1; RFC 7636)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from castcore_core.accounts.secret import digest, new_secret
from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.error import ForbiddenError, RequestError
from castcore_core.platforms.models import OAuthVisit, PlatformAccount
from castcore_core.platforms.token import AccountTokens, account_row
from castcore_sdk.errors import AuthenticationError, ConfigurationError

VISIT = timedelta(minutes=10)
"""How long somebody may take at the platform."""


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send the browser, and until when it is expected back."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who is back: the account that the visit was for, and the path of our own to go on with."""

    account: PlatformAccount
    return_to: str | None


class Visits:
    """Send browsers to platforms, and take what they bring back; each visit is good for one answer."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._tokens = core.get(AccountTokens)
        self._audit = core.get(Audit)

    async def depart(
        self, type_id: str, account_id: UUID, redirect_uri: str, session_id: UUID, return_to: str | None
    ) -> Departure:
        """Begin a visit. Raises NotFoundError, ConfigurationError ``platforms.account_type``."""
        row = await account_row(account_id)
        if row.type != type_id:
            raise ConfigurationError("platforms.account_type", field="account", params={"account": row.name})
        state, verifier = new_secret(), secrets.token_urlsafe(48)
        url = await self._tokens.endpoint(row).authorize_url(redirect_uri, state, verifier)
        await OAuthVisit.filter(expires_at__lt=utc_now()).delete()
        visit = OAuthVisit(
            account=row,
            state=digest(state),
            session_id=session_id,
            redirect_uri=redirect_uri,
            return_to=return_to,
            expires_at=utc_now() + VISIT,
        )
        visit.verifier = self._core.ring.lock(verifier, f"oauth_visit/{visit.id}")
        await visit.save()
        return Departure(url, visit.expires_at)

    async def take(self, type_id: str, state: str, session_id: UUID) -> OAuthVisit:
        """Return the visit that an answer belongs to, with its account; there is no second time.

        Raises RequestError ``oauth.state_invalid``, ForbiddenError ``oauth.state_foreign``.
        """
        visit = await OAuthVisit.filter(state=digest(state)).select_related("account").first()
        if visit is None or not await OAuthVisit.filter(id=visit.id).delete() or visit.expires_at <= utc_now():
            raise RequestError("oauth.state_invalid")
        if visit.account.type != type_id:
            raise RequestError("oauth.state_invalid")
        if visit.session_id != session_id:
            await self._audit.record_refusal("platforms.connect", "session", target=target(visit.account))
            raise ForbiddenError("oauth.state_foreign")
        return visit

    async def arrive(self, visit: OAuthVisit, code: str) -> None:
        """Exchange the code and keep the tokens. Raises AuthenticationError ``oauth.refused``, TemporaryError."""
        row: PlatformAccount = visit.account
        verifier = self._core.ring.unlock(visit.verifier, f"oauth_visit/{visit.id}")
        tokens = await self._tokens.endpoint(row).exchange(code, visit.redirect_uri, verifier)
        await self._tokens.put(row.id, tokens)
        await self._audit.record("platforms.connected", target=target(row))

    async def turned_away(self, visit: OAuthVisit, error: str) -> AuthenticationError:
        """Return the error for somebody who comes back without a code."""
        await self._audit.record("platforms.connected", target=target(visit.account), outcome="denied")
        if error == "access_denied":
            return AuthenticationError("oauth.access_denied")
        known = error.replace("_", "").isalpha() and error.isascii() and len(error) <= 64
        return AuthenticationError("oauth.refused", params={"reason": error if known else "refused"})


def target(row: PlatformAccount) -> Target:
    """Return an account as the audit log names it."""
    return Target("platform_account", row.id, row.name)
