"""API tokens: a program's own access with chosen scopes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from castcore_core.accounts.models import ApiToken
from castcore_core.accounts.secret import API_TOKEN, digest, new_secret
from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.db import utc, utc_now
from castcore_core.error import ConflictError, InvalidError, UnauthenticatedError
from castcore_sdk.errors import NotFoundError

_SEEN = timedelta(minutes=1)
_MOST = 100
_PERSON = ("user__id", "user__name", "user__role", "user__language", "user__time_zone", "user__theme")
_ALIVE = ("id", "name", "scopes", "expires_at", "last_used_at", *_PERSON)
_SHOWN = ("id", "name", "hint", "scopes", "expires_at", "last_used_at", "created_at")


class ApiTokens:
    """The tokens of all users; a token never has more rights than its user."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    async def create(
        self, user_id: UUID, name: str, scopes: Sequence[str], expires_at: datetime | None
    ) -> tuple[str, dict[str, Any]]:
        """Make a token; return it, this once, and what is kept of it.

        Raises ConflictError ``conflict.duplicate`` or ``auth.too_many_tokens``, InvalidError for a time gone by.
        """
        if expires_at is not None and expires_at <= utc_now():
            raise InvalidError.at("expires_at", type="in_the_past")
        secret = new_secret(API_TOKEN)
        try:
            async with in_transaction():
                if await ApiToken.filter(user_id=user_id).count() >= _MOST:
                    raise ConflictError("auth.too_many_tokens", params={"limit": _MOST})
                token = await ApiToken.create(
                    user_id=user_id,
                    name=name,
                    digest=digest(secret),
                    hint=secret[-4:],
                    scopes=sorted(set(scopes)),
                    expires_at=utc(expires_at) if expires_at else None,
                )
                await self._audit.record("auth.token_created", target=Target("token", token.id, name))
        except IntegrityError:
            raise ConflictError("conflict.duplicate", params={"field": "name"}) from None
        return secret, {key: getattr(token, key) for key in _SHOWN}

    async def of(self, user_id: UUID, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
        """Return a user's tokens by name, without their secrets, and how many there are."""
        query = ApiToken.filter(user_id=user_id)
        return await query.order_by("name").limit(limit).offset(offset).values(*_SHOWN), await query.count()

    async def delete(self, token_id: UUID, user_id: UUID) -> None:
        """Remove a user's token. Raises NotFoundError ``auth.token_not_found``."""
        async with in_transaction():
            token = await ApiToken.get_or_none(id=token_id, user_id=user_id)
            if token is None:
                raise NotFoundError("auth.token_not_found")
            await token.delete()
            await self._audit.record("auth.token_deleted", target=Target("token", token.id, token.name))

    async def by_secret(self, secret: str) -> dict[str, Any]:
        """Return token and user. Raises UnauthenticatedError ``auth.token_invalid`` or ``auth.token_expired``."""
        return await self._alive(digest=digest(secret))

    async def by_id(self, token_id: UUID) -> dict[str, Any]:
        """Return token and user, as :meth:`by_secret`."""
        return await self._alive(id=token_id)

    async def _alive(self, **which: Any) -> dict[str, Any]:
        query = ApiToken.filter(**which, user__enabled=True).first()
        found: dict[str, Any] | None = await query.values(*_ALIVE)
        now = utc_now()
        if found is None:
            raise UnauthenticatedError("auth.token_invalid")
        if found["expires_at"] is not None and found["expires_at"] <= now:
            raise UnauthenticatedError("auth.token_expired")
        if found["last_used_at"] is None or now - found["last_used_at"] > _SEEN:
            await ApiToken.filter(id=found["id"]).update(last_used_at=now)
        return found
