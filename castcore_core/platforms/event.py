"""What is told about accounts on the bus, for pages, notifications and everybody else."""

from __future__ import annotations

from typing import Literal

from castcore_core.events import Bus
from castcore_core.platforms.models import PlatformAccount

ACCOUNT = "platforms.account"
"""Channel: ``{"account", "name", "type", "state", "code", "params"}`` when an account's state changes.

``reauthentication`` wants a person; ``deleted`` is the last one that is told.
"""
REAUTHENTICATION = "platforms.reauthentication"
"""Code: only a person can help, by connecting the account again."""

AccountState = Literal["disconnected", "connecting", "connected", "reauthentication", "deleted"]


async def tell(bus: Bus, row: PlatformAccount, *, state: AccountState | None = None) -> None:
    """Tell how an account is now."""
    said = {"account": str(row.id), "name": row.name, "type": row.type, "state": state or row.state}
    await bus.publish(ACCOUNT, {**said, "code": row.code, "params": row.params})
