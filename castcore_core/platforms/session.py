"""What a plugin gets of a connected account: an HTTP client that sends the token and keeps it fresh."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING
from uuid import UUID

import httpx2

from castcore_core.platforms.wire import client

if TYPE_CHECKING:
    from castcore_core.platforms.token import AccountTokens


class AccountSession:
    """The host's `castcore_sdk.OAuthSession`."""

    def __init__(self, tokens: AccountTokens, account_id: UUID, label: str, client_id: str) -> None:
        self._label = label
        self._client_id = client_id
        self._http: httpx2.AsyncClient = client(auth=_Bearer(tokens, account_id))

    @property
    def account(self) -> str:
        """Return what the platform calls the account."""
        return self._label

    @property
    def client_id(self) -> str:
        """Return the id under which this installation is registered with the platform."""
        return self._client_id

    @property
    def http(self) -> httpx2.AsyncClient:
        """Return a client that sends the account's token."""
        return self._http

    async def aclose(self) -> None:
        """Close the HTTP client. May be called twice."""
        await self._http.aclose()


class _Bearer(httpx2.Auth):
    """Send the account's token (RFC 6750), and another one where the platform refuses it."""

    def __init__(self, tokens: AccountTokens, account_id: UUID) -> None:
        self._tokens = tokens
        self._account_id = account_id

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Send once, and once more after a 401."""
        access = await self._tokens.access(self._account_id)
        request.headers["Authorization"] = f"Bearer {access.token}"
        response = yield request
        if response.status_code == 401:
            access = await self._tokens.access(self._account_id, spent=access.revision)
            request.headers["Authorization"] = f"Bearer {access.token}"
            yield request
