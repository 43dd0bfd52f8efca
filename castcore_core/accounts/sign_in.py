"""Recognise a person by password and second factor, slowly and not too often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from castcore_core.accounts import name as user_name
from castcore_core.accounts.limit import CONFIRM, LOGIN_ACCOUNT, LOGIN_ADDRESS, Limits, address_key
from castcore_core.accounts.models import Session, User
from castcore_core.accounts.password import Passwords
from castcore_core.accounts.secret import digest
from castcore_core.accounts.two_factor import TwoFactor
from castcore_core.audit import Audit, Caller, caller
from castcore_core.audit.service import Target
from castcore_core.db import utc_now
from castcore_core.error import ForbiddenError, RateLimitedError, UnauthenticatedError

_RECENT = timedelta(minutes=10)
_Kind = type[UnauthenticatedError] | type[ForbiddenError]


@dataclass(frozen=True, slots=True)
class SignIn:
    """Check who somebody is."""

    passwords: Passwords
    two_factor: TwoFactor
    limits: Limits
    audit: Audit

    async def check(self, name: str, password: str, totp: str | None) -> User:
        """Return the user who signs in.

        Raises UnauthenticatedError ``auth.invalid_credentials`` (also for unknown and disabled users, after the same
        time), ``auth.totp_required``, ``auth.totp_invalid``; RateLimitedError ``auth.rate_limited``.
        """
        key, address = user_name.key(name), caller().address
        user = await User.get_or_none(key=key)
        account = await _account_key(user, key, address)
        try:
            self.limits.take(LOGIN_ADDRESS, address_key(address))
            self.limits.take(LOGIN_ACCOUNT, account)
        except RateLimitedError:
            await self.audit.record_refusal("auth.login", "auth.rate_limited", target=_target(user))
            raise
        fits = await self.passwords.verify(user.password if user else None, password)
        if user is None or not fits or not user.enabled:
            await self._refuse(user, UnauthenticatedError("auth.invalid_credentials"))
        assert user is not None
        if user.totp_active:
            await self._second_factor(user, totp, UnauthenticatedError)
        self.limits.give_back(LOGIN_ADDRESS, address_key(address))
        self.limits.forget(LOGIN_ACCOUNT, account)
        await self._rehash(user, password)
        return user

    async def confirm(self, user: User, session_id: UUID | None, password: str | None, totp: str | None) -> None:
        """Ask a user who has signed in for password, and second factor where there is one, once more.

        Who has no password, since a provider knows them, must have signed in there within ten minutes.
        Raises ForbiddenError with the codes of :meth:`check`, for the session itself is good, or
        ``auth.sign_in_again``; and RateLimitedError.
        """
        self.limits.take(CONFIRM, str(user.id))
        if user.password is None:
            if not await Session.filter(id=session_id, created_at__gt=utc_now() - _RECENT).exists():
                raise ForbiddenError("auth.sign_in_again")
        elif password is None or not await self.passwords.verify(user.password, password):
            await self._refuse(user, ForbiddenError("auth.invalid_credentials"))
        if user.totp_active:
            await self._second_factor(user, totp, ForbiddenError)
        self.limits.give_back(CONFIRM, str(user.id))

    async def _second_factor(self, user: User, code: str | None, kind: _Kind) -> None:
        if not code:
            raise kind("auth.totp_required")
        if not await self.two_factor.check(user, code):
            await self._refuse(user, kind("auth.totp_invalid"))

    async def _refuse(self, user: User | None, error: UnauthenticatedError | ForbiddenError) -> None:
        action = "auth.login" if isinstance(error, UnauthenticatedError) else "auth.confirm"
        who = Caller("anonymous", str(user.id) if user else None, user.name if user else "", caller().address)
        await self.audit.record(action, target=_target(user), params={"reason": error.code}, outcome="failed", by=who)
        raise error

    async def _rehash(self, user: User, password: str) -> None:
        if user.password and self.passwords.is_outdated(user.password):
            hashed = await self.passwords.hash(password)
            await User.filter(id=user.id, password=user.password).update(password=hashed)


async def _account_key(user: User | None, key: str, address: str) -> str:
    # An address from which the user is signed in counts for itself: guessing elsewhere locks nobody out there.
    if user is not None and await Session.filter(user_id=user.id, address=address).exists():
        return f"{user.id}@{address}"
    return digest(key)


def _target(user: User | None) -> Target:
    # People type passwords into the field for the name: an unknown name is not written down.
    return Target("user", user.id, user.name) if user else Target("user")
