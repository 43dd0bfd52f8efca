"""What ``castcore user`` does, without a command line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from castcore_core.accounts.password import Passwords
from castcore_core.accounts.role import Role
from castcore_core.accounts.user import Users
from castcore_core.audit import Audit, acting_as
from castcore_core.audit.caller import COMMAND
from castcore_core.config import load_configuration
from castcore_core.feature import FEATURES
from castcore_core.server.life import live


@dataclass(frozen=True, slots=True)
class MadeUser:
    """A user who was made."""

    id: str
    name: str
    role: str


def create_user(overrides: Mapping[str, object], name: str, password: str, role: str) -> MadeUser:
    """Create a user in the configured database, beside a running server or without one.

    Raises InvalidError, ConflictError ``conflict.duplicate``, and whatever keeps a server from starting.
    """
    return asyncio.run(_create(overrides, name, password, role))


async def _create(overrides: Mapping[str, object], name: str, password: str, role: str) -> MadeUser:
    passwords = Passwords()
    try:
        # Without what the features run: this is no server, only somebody at its database.
        still = [replace(feature, run=None) for feature in FEATURES]
        async with live(load_configuration(overrides), features=still):
            with acting_as(COMMAND):
                user = await Users(passwords, Audit()).create(name, password, Role.named(role))
            return MadeUser(str(user.id), user.name, user.role)
    finally:
        passwords.close()
