"""Sessions: opened at sign-in, asked at every request, ended at once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from tortoise.transactions import in_transaction

from castcore_core.accounts.limit import REFRESH_SESSION, Limits
from castcore_core.accounts.models import RefreshToken, Session, User
from castcore_core.accounts.secret import REFRESH_TOKEN, digest, new_secret
from castcore_core.audit import Audit, Caller, acting_as, caller
from castcore_core.audit.service import Target
from castcore_core.db import utc_now
from castcore_core.error import UnauthenticatedError
from castcore_core.secrets import KeyRing
from castcore_sdk.errors import NotFoundError

ACCESS = timedelta(minutes=15)
LIFE = timedelta(days=14)
"""A session that nobody uses for this long is over."""

_SEEN = timedelta(minutes=1)
_HEADER = {"alg": "HS256", "typ": "at+jwt"}
_PERSON = ("user__id", "user__name", "user__role", "user__language", "user__time_zone", "user__theme")


@dataclass(frozen=True, slots=True)
class Granted:
    """What a program gets when it signs in."""

    session_id: UUID
    access_token: str
    refresh_token: str
    expires_in: int = int(ACCESS.total_seconds())


class Sessions:
    """The sessions of all users."""

    def __init__(self, ring: KeyRing, audit: Audit, limits: Limits) -> None:
        self._key = OctKey.import_key(ring.derive("access tokens"))
        self._audit = audit
        self._limits = limits

    async def open(self, user: User, agent: str) -> Granted:
        """Open a program's session. The caller's address is kept with it."""
        refresh = new_secret(REFRESH_TOKEN)
        async with in_transaction():
            session = await _new_session(user, agent, None)
            await RefreshToken.create(session=session, digest=digest(refresh))
        return Granted(session.id, self._sign(session.id, user.id), refresh)

    async def open_page(self, user: User, agent: str) -> str:
        """Open a browser's session and return its cookie."""
        cookie = new_secret()
        await _new_session(user, agent, digest(cookie))
        return cookie

    async def refresh(self, token: str) -> tuple[Granted, User]:
        """Exchange a refresh token for a new pair; a token that was used before ends the whole session.

        Raises UnauthenticatedError ``auth.refresh_invalid`` or ``auth.refresh_reused``.
        """
        found = await RefreshToken.filter(digest=digest(token)).select_related("session__user").first()
        if found is None or found.session.expires_at <= utc_now() or not found.session.user.enabled:
            raise UnauthenticatedError("auth.refresh_invalid")
        session, user = found.session, found.session.user
        self._limits.take(REFRESH_SESSION, str(session.id))
        fresh = new_secret(REFRESH_TOKEN)
        now = utc_now()
        async with in_transaction():
            # The one statement decides: of two that come with the same token, the second finds it used.
            first = await RefreshToken.filter(id=found.id, used_at=None).update(used_at=now)
            alive = bool(first) and bool(
                await Session.filter(id=session.id).update(last_seen_at=now, expires_at=now + LIFE, updated_at=now)
            )
            if alive:
                await RefreshToken.create(session_id=session.id, digest=digest(fresh))
        if not first:
            await self._revoke(session, user)
        if not alive:
            raise UnauthenticatedError("auth.refresh_invalid")
        return Granted(session.id, self._sign(session.id, user.id), fresh), user

    async def by_access_token(self, token: str) -> dict[str, Any]:
        """Return session and user behind an access token.

        Raises UnauthenticatedError ``auth.token_expired``, ``auth.token_invalid`` or ``auth.session_ended``.
        """
        try:
            claims = jwt.decode(token, self._key, algorithms=["HS256"])
            if claims.header.get("typ") != "at+jwt":
                raise ValueError("typ")
            expires, session_id = int(claims.claims["exp"]), UUID(claims.claims["sid"])
        except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise UnauthenticatedError("auth.token_invalid") from None
        if expires <= time.time():
            raise UnauthenticatedError("auth.token_expired")
        return await self._alive(id=session_id)

    async def by_cookie(self, cookie: str) -> dict[str, Any]:
        """Return session and user behind a page's cookie. Raises UnauthenticatedError ``auth.session_ended``."""
        return await self._alive(cookie=digest(cookie))

    async def by_id(self, session_id: UUID) -> dict[str, Any]:
        """Return session and user. Raises UnauthenticatedError ``auth.session_ended``."""
        return await self._alive(id=session_id)

    async def of(self, user_id: UUID, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
        """Return living sessions of a user, the one used last first, and how many there are."""
        shown = ("id", "address", "agent", "created_at", "last_seen_at", "expires_at", "cookie")
        query = Session.filter(user_id=user_id, expires_at__gt=utc_now())
        rows = await query.order_by("-last_seen_at", "id").limit(limit).offset(offset).values(*shown)
        return rows, await query.count()

    async def end(self, session_id: UUID, user_id: UUID) -> None:
        """End one session of a user. Raises NotFoundError ``auth.session_not_found``."""
        async with in_transaction():
            if not await Session.filter(id=session_id, user_id=user_id).delete():
                raise NotFoundError("auth.session_not_found")
            await self._audit.record("auth.session_ended", target=Target("session", session_id))

    async def end_others(self, user_id: UUID, kept: UUID | None) -> int:
        """End all sessions of a user but ``kept`` and return how many those were."""
        async with in_transaction():
            query = Session.filter(user_id=user_id)
            ended = await (query.exclude(id=kept) if kept else query).delete()
            if ended:
                await self._audit.record("auth.sessions_ended", target=Target("user", user_id), params={"count": ended})
        return ended

    def _sign(self, session_id: UUID, user_id: UUID) -> str:
        now = int(time.time())
        claims = {"sid": str(session_id), "sub": str(user_id), "iat": now, "exp": now + int(ACCESS.total_seconds())}
        return jwt.encode(_HEADER, claims, self._key)

    async def _alive(self, **which: Any) -> dict[str, Any]:
        now = utc_now()
        query = Session.filter(**which, expires_at__gt=now, user__enabled=True).first()
        found: dict[str, Any] | None = await query.values("id", "last_seen_at", "cookie", *_PERSON)
        if found is None:
            raise UnauthenticatedError("auth.session_ended")
        if now - found["last_seen_at"] > _SEEN:
            await _touch(found["id"], now, prolong=found["cookie"] is not None)
        return found

    async def _revoke(self, session: Session, user: User) -> None:
        who = Caller("anonymous", id=str(user.id), name=user.name, address=caller().address)
        with acting_as(who):
            await Session.filter(id=session.id).delete()
            await self._audit.record("auth.refresh_reused", target=Target("session", session.id), outcome="denied")
        raise UnauthenticatedError("auth.refresh_reused")


async def _new_session(user: User, agent: str, cookie: str | None) -> Session:
    now = utc_now()
    clean = "".join(character for character in agent if character.isprintable())
    return await Session.create(
        user=user,
        cookie=cookie,
        address=caller().address[:64],
        agent=clean[:256],
        last_seen_at=now,
        expires_at=now + LIFE,
    )


async def _touch(session_id: UUID, now: datetime, *, prolong: bool) -> None:
    # A page's session lives on while it is used; a program's through its refresh tokens.
    values: dict[str, Any] = {"last_seen_at": now} | ({"expires_at": now + LIFE} if prolong else {})
    await Session.filter(id=session_id).update(**values)
