"""Accounts that are connected through OAuth 2."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

from castcore_sdk.context import OAuthSession


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthProvider:
    """Where and how core gets tokens (RFC 6749, RFC 7636)."""

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    revoke_url: str | None = None
    pkce: bool = True
    client_auth: Literal["client_secret_basic", "client_secret_post", "none"] = "client_secret_post"


class SupportsOAuth(ABC):
    """An extension that works on behalf of a connected account."""

    oauth_provider: ClassVar[OAuthProvider]

    @abstractmethod
    async def account_label(self, session: OAuthSession, /) -> str:
        """Return what to call the account towards people."""
