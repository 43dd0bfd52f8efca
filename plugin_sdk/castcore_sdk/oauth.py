"""Accounts that are connected through OAuth 2."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from castcore_sdk.context import OAuthSession


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthProvider:
    """Where and how core gets tokens (RFC 6749, RFC 7636, RFC 8628).

    Whoever runs the installation registers it with the platform and gives core the client's id, and its secret where
    ``client_auth`` is not ``none``.
    """

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    revoke_url: str | None = None
    pkce: bool = True
    client_auth: Literal["client_secret_basic", "client_secret_post", "none"] = "client_secret_post"
    authorize_params: Mapping[str, str] = field(default_factory=dict)
    """Added to the authorization request, such as what makes the platform hand out a refresh token."""
    device_url: str | None = None
    """Where a device code is asked for; None: the platform has no device flow."""
    device_scopes: tuple[str, ...] | None = None
    """What the device flow may ask for, where that is less than ``scopes``."""
    device_params: Mapping[str, str] = field(default_factory=dict)
    """Added to the requests of the device flow, for platforms that want more than RFC 8628 names."""


class SupportsOAuth(ABC):
    """An extension that can work on behalf of a connected account: ``await self.context.oauth()``.

    Its configuration is valid with nothing set, for an account is connected before anything is configured.
    """

    oauth_provider: ClassVar[OAuthProvider]

    @abstractmethod
    async def account_label(self, session: OAuthSession, /) -> str:
        """Return what to call the account towards people."""
