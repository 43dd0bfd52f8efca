"""The users: make, change, remove; never without an admin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from castcore_core.accounts import name as user_name
from castcore_core.accounts import password as password_rule
from castcore_core.accounts.models import ApiToken, RecoveryCode, Session, User
from castcore_core.accounts.password import Passwords
from castcore_core.accounts.role import Role
from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.error import ConflictError, InvalidError
from castcore_sdk.errors import NotFoundError

SHOWN = ("id", "name", "role", "enabled", "totp_active", "created_at", "updated_at", "password")


class UserChange(TypedDict, total=False):
    """What an admin may change; absent keeps."""

    name: str
    role: Role
    enabled: bool
    password: str
    totp_active: Literal[False]


class Users:
    """All users. Every change that takes rights away ends the user's sessions."""

    def __init__(self, passwords: Passwords, audit: Audit) -> None:
        self._passwords = passwords
        self._audit = audit
        self._has_admin = False

    async def has_admin(self) -> bool:
        """Tell whether anybody may administer the server; once so, it stays so."""
        if not self._has_admin:
            self._has_admin = await User.filter(role=Role.ADMIN.title, enabled=True).exists()
        return self._has_admin

    async def create(self, name: str, password: str | None, role: Role, *, only_first: bool = False) -> User:
        """Make a user; without a password they sign in through a provider only.

        ``only_first`` raises ConflictError ``setup.already_completed`` where an admin exists.
        Raises InvalidError, and ConflictError ``conflict.duplicate`` where the name is taken.
        """
        name = _checked_name(name)
        hashed = await self._hashed(password, name) if password is not None else None
        try:
            async with in_transaction():
                if only_first and await User.filter(role=Role.ADMIN.title, enabled=True).exists():
                    raise ConflictError("setup.already_completed")
                user = await User.create(name=name, key=user_name.key(name), role=role.title, password=hashed)
                await self._audit.record("users.created", target=_target(user), params={"role": role.title})
        except IntegrityError:
            raise ConflictError("conflict.duplicate", params={"field": "username"}) from None
        return user

    async def get(self, user_id: UUID) -> User:
        """Return one user. Raises NotFoundError ``users.not_found``."""
        user = await User.get_or_none(id=user_id)
        if user is None:
            raise NotFoundError("users.not_found")
        return user

    async def find(
        self,
        *,
        q: str | None,
        role: Role | None,
        enabled: bool | None,
        order: Sequence[str],
        limit: int,
        offset: int,
    ) -> tuple[list[dict[str, Any]], int]:
        """Return the users that fit as dictionaries of :data:`SHOWN`, and how many there are."""
        query = User.all()
        if q:
            query = query.filter(key__contains=user_name.key(q))
        if role is not None:
            query = query.filter(role=role.title)
        if enabled is not None:
            query = query.filter(enabled=enabled)
        return await query.order_by(*order).limit(limit).offset(offset).values(*SHOWN), await query.count()

    async def change(self, user_id: UUID, change: UserChange) -> User:
        """Change a user. Raises InvalidError, NotFoundError, and ConflictError ``users.last_admin``."""
        user = await self.get(user_id)
        name = _checked_name(change["name"]) if "name" in change else user.name
        hashed = await self._hashed(change["password"], name) if "password" in change else None
        try:
            async with in_transaction():
                user = await self._locked(user_id)
                changed = _apply(user, change, name, hashed)
                if changed:
                    await user.save()
                    await self._keep_admin()
                    if changed - {"name"}:
                        await Session.filter(user_id=user.id).delete()
                    if "totp_active" in changed:
                        await RecoveryCode.filter(user_id=user.id).delete()
                    if {"password"} & changed:
                        await ApiToken.filter(user_id=user.id).delete()
                    params = {"role": user.role} if "role" in changed else {}
                    await self._audit.record("users.changed", target=_target(user), changed=changed, params=params)
        except IntegrityError:
            raise ConflictError("conflict.duplicate", params={"field": "username"}) from None
        return user

    async def delete(self, user_id: UUID) -> None:
        """Remove a user with sessions and tokens. Raises NotFoundError, and ConflictError ``users.last_admin``."""
        async with in_transaction():
            user = await self._locked(user_id)
            await user.delete()
            await self._keep_admin()
            await self._audit.record("users.deleted", target=_target(user))

    async def _locked(self, user_id: UUID) -> User:
        # All admins are locked, so that of two who demote each other on PostgreSQL the second sees the first's change.
        await User.filter(role=Role.ADMIN.title).order_by("id").select_for_update()
        user = await User.filter(id=user_id).select_for_update().first()
        if user is None:
            raise NotFoundError("users.not_found")
        return user

    async def _keep_admin(self) -> None:
        if not await User.filter(role=Role.ADMIN.title, enabled=True).exists():
            raise ConflictError("users.last_admin")

    async def _hashed(self, password: str, name: str) -> str:
        if fault := password_rule.fault(password, name):
            raise InvalidError.at("password", type=fault)
        return await self._passwords.hash(password)


def _checked_name(name: str) -> str:
    name = user_name.normal(name)
    if not user_name.is_good(name):
        raise InvalidError.at("username", type="user_name")
    return name


def _apply(user: User, change: UserChange, name: str, hashed: str | None) -> set[str]:
    wanted: dict[str, Any] = {}
    if "name" in change:
        wanted |= {"name": name, "key": user_name.key(name)}
    if "role" in change:
        wanted["role"] = change["role"].title
    if "enabled" in change:
        wanted["enabled"] = change["enabled"]
    if hashed is not None:
        wanted["password"] = hashed
    if "totp_active" in change:
        wanted |= {"totp_active": False, "totp_secret": None}
    changed = {key for key, value in wanted.items() if getattr(user, key) != value}
    for key in changed:
        setattr(user, key, wanted[key])
    return changed - {"key", "totp_secret"}


def _target(user: User) -> Target:
    return Target("user", user.id, user.name)
