"""The secrets of accounts, locked for their rows and scrubbed from every text once they are known."""

from __future__ import annotations

import json
from uuid import UUID

from castcore_core.platforms.models import PlatformAccount
from castcore_core.secrets import KeyRing, scrubber


def lock_client_secret(ring: KeyRing, account_id: UUID, secret: str | None) -> str | None:
    """Return a client's secret as the row keeps it."""
    if secret is None:
        return None
    scrubber.add(secret)
    return ring.lock(secret, f"platform_account/{account_id}/client_secret")


def client_secret(ring: KeyRing, row: PlatformAccount) -> str | None:
    """Return the client's secret. Raises PermanentError ``secrets.unreadable``."""
    if row.client_secret is None:
        return None
    return ring.unlock(row.client_secret, f"platform_account/{row.id}/client_secret")


def lock_tokens(ring: KeyRing, account_id: UUID, access: str, refresh: str | None) -> str:
    """Return tokens as the row keeps them."""
    for each in (access, refresh):
        if each is not None:
            scrubber.add(each, passing=True)
    return ring.lock(json.dumps([access, refresh]), f"platform_account/{account_id}/tokens")


def tokens_of(ring: KeyRing, row: PlatformAccount) -> tuple[str, str | None] | None:
    """Return access and refresh token, None where there are none. Raises PermanentError ``secrets.unreadable``."""
    if row.tokens is None:
        return None
    access, refresh = json.loads(ring.unlock(row.tokens, f"platform_account/{row.id}/tokens", remember=False))
    for each in (access, refresh):
        if each is not None:
            scrubber.add(each, passing=True)
    return access, refresh
