"""What tests of platforms do again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from castcore_core.core import Core
from castcore_core.platforms.models import PlatformAccount
from castcore_core.platforms.token import AccountTokens
from castcore_sdk import OAuthProvider
from servers.oidc import SECRET, sign_in_there
from servers.platform import TYPE, Stage, provider_at
from servers.relay import Relay
from servers.staff import Reply, Visitor

CALLBACK = f"/api/v1/platforms/{TYPE}/oauth/callback"
HTML = {"Accept": "text/html,application/xhtml+xml"}

__all__ = ["CALLBACK", "HTML", "SECRET", "Stage", "back", "connected", "depart", "kept", "until", "with_provider"]


def with_provider(kind: type[Stage], issuer: str, relay: Relay | None = None) -> type[Stage]:
    """Return the platform with the endpoints of a provider, the token's and the API's through ``relay``."""
    through = relay.address if relay else issuer
    provider: OAuthProvider = provider_at(issuer, token_url=f"{through}/token")
    made = type(kind.__name__, (kind,), {"oauth_provider": provider, "api_url": through, "__module__": kind.__module__})
    assert issubclass(made, Stage)
    return made


async def kept(visitor: Visitor, name: str = "Main channel", **fields: Any) -> dict[str, Any]:
    """Keep an account."""
    body = {"name": name, "type": TYPE, "client_id": "castcore", "client_secret": SECRET, **fields}
    reply = await visitor("POST", "/platform-accounts", body)
    assert reply.status == 201, reply.body
    return dict(reply.body)


async def depart(visitor: Visitor, account: str, more: str = "", **headers: str) -> Reply:
    """Begin to connect."""
    return await visitor("GET", f"/platforms/{TYPE}/oauth/start?account={account}{more}", **headers)


async def connected(page: Visitor, name: str = "Main channel", who: str = "anna") -> dict[str, Any]:
    """Keep an account and connect it in a browser."""
    account = await kept(page, name)
    url = (await depart(page, account["id"])).body["url"]
    reply = await page("GET", back(await sign_in_there(url, who)))
    assert reply.status == 204, reply.body
    found = await page("GET", f"/platform-accounts/{account['id']}")
    assert found.body["state"] == "connected", found.body
    return dict(found.body)


def back(address: str) -> str:
    """Return path and query of the address that a provider sends the browser to."""
    parts = urlsplit(address)
    assert parts.path == CALLBACK
    return f"{parts.path}?{parts.query}"


async def until(condition: Callable[[], Awaitable[Any]], within: float = 10.0) -> Any:
    """Wait until something is true and return it."""
    async with asyncio.timeout(within):
        while not (found := await condition()):
            await asyncio.sleep(0.05)
        return found


async def row_of(account: dict[str, Any]) -> PlatformAccount:
    """Return an account's row."""
    return await PlatformAccount.get(id=UUID(account["id"]))


def tokens(core: Core) -> AccountTokens:
    """Return the tokens of a running core."""
    return core.get(AccountTokens)
