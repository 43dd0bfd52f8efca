"""Users change their own password."""

from __future__ import annotations

from uuid import UUID

from tortoise.transactions import in_transaction

from castcore_core.accounts import password as password_rule
from castcore_core.accounts.models import User
from castcore_core.accounts.password import Passwords
from castcore_core.accounts.session import Sessions
from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.error import InvalidError


async def change_password(core: Core, user: User, new: str, kept_session: UUID | None) -> None:
    """Set a user's password and end all sessions but ``kept_session``. Raises InvalidError."""
    if fault := password_rule.fault(new, user.name):
        raise InvalidError.at("new", type=fault)
    hashed = await core.get(Passwords).hash(new)
    async with in_transaction():
        await User.filter(id=user.id).update(password=hashed)
        await core.get(Sessions).end_others(user.id, kept_session)
        await core.get(Audit).record("auth.password_changed", target=Target("user", user.id, user.name))
