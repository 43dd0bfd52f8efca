"""Sign-in through an OpenID provider: code flow with PKCE, bound to one browser (OpenID Connect Core 1.0, RFC 7636)."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from castcore_core.accounts import name as user_name
from castcore_core.accounts.discovery import Discovery, http_client, reaching
from castcore_core.accounts.models import Identity, ProviderVisit, User
from castcore_core.accounts.role import Role
from castcore_core.accounts.secret import digest, new_secret
from castcore_core.accounts.user import Users
from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.db import utc_now
from castcore_core.error import ConflictError, ForbiddenError, InvalidError, UnauthenticatedError
from castcore_core.secrets import KeyRing
from castcore_core.settings import ServerSettings, Settings
from castcore_sdk.errors import NotFoundError

VISIT = timedelta(minutes=10)
"""How long somebody may take at the provider."""

_NAMES = {"preferred_username": None, "email": None, "name": None}.keys()
"""Claims that a new user's name is taken from, the first that is there."""
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send the browser, and the secret that its cookie holds until it is back."""

    url: str
    browser: str


class Provider:
    """Send people to the provider and recognise them when they return."""

    def __init__(self, ring: KeyRing, settings: Settings, users: Users, audit: Audit) -> None:
        self._ring = ring
        self._settings = settings
        self._users = users
        self._audit = audit
        self._discovery = Discovery()

    async def depart(self, redirect_uri: str, link_to: UUID | None) -> Departure:
        """Begin a visit; ``link_to`` is the user who will be linked with whom the provider names.

        Raises NotFoundError ``auth.oidc_disabled``, TemporaryError ``auth.oidc_unreachable``.
        """
        settings = await self._enabled()
        metadata = await self._discovery.metadata(str(settings.oidc_issuer))
        state, browser, nonce, verifier = new_secret(), new_secret(), new_secret(), secrets.token_urlsafe(48)
        async with _oauth_client(settings, redirect_uri) as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
            )
        visit = ProviderVisit(
            state=digest(state),
            browser=digest(browser),
            nonce=nonce,
            issuer=settings.oidc_issuer,
            redirect_uri=redirect_uri,
            user_id=link_to,
            expires_at=utc_now() + VISIT,
        )
        visit.verifier = self._ring.lock(verifier, f"provider_visit/{visit.id}")
        await visit.save()
        return Departure(str(url), browser)

    async def arrive(self, *, state: str, code: str, issuer: str | None, browser: str | None) -> User:
        """Return who comes back from the provider.

        Raises UnauthenticatedError ``auth.oidc_failed``, ForbiddenError ``auth.oidc_unknown_user``,
        ConflictError ``auth.oidc_taken``, TemporaryError ``auth.oidc_unreachable``.
        """
        settings = await self._enabled()
        visit = await self._visit(state, browser, settings)
        metadata = await self._discovery.metadata(visit.issuer)
        # RFC 9207: an answer that another provider has sent is not taken to this one.
        if issuer is not None and issuer != metadata["issuer"]:
            raise await self._failed("issuer")
        claims = await self._claims(settings, visit, code, metadata)
        return await self._user(claims, settings, visit.user_id)

    async def refused(self, state: str, browser: str | None) -> None:
        """End the visit of somebody whom the provider turned away. Raises UnauthenticatedError ``auth.oidc_failed``."""
        await self._visit(state, browser, await self._enabled())
        raise await self._failed("refused")

    async def _enabled(self) -> ServerSettings:
        settings = await self._settings.read()
        if not settings.oidc_enabled:
            raise NotFoundError("auth.oidc_disabled")
        return settings

    async def _visit(self, state: str, browser: str | None, settings: ServerSettings) -> ProviderVisit:
        visit = await ProviderVisit.get_or_none(state=digest(state))
        if visit is None or not await ProviderVisit.filter(id=visit.id).delete() or visit.expires_at <= utc_now():
            raise await self._failed("state")
        if browser is None or not hmac.compare_digest(digest(browser), visit.browser):
            raise await self._failed("browser")
        if visit.issuer != settings.oidc_issuer:
            raise await self._failed("issuer")
        return visit

    async def _claims(
        self, settings: ServerSettings, visit: ProviderVisit, code: str, metadata: dict[str, Any]
    ) -> dict[str, Any]:
        from authlib.integrations.base_client import OAuthError

        verifier = self._ring.unlock(visit.verifier, f"provider_visit/{visit.id}")
        async with _oauth_client(settings, visit.redirect_uri) as client:
            try:
                async with reaching():
                    token = await client.fetch_token(metadata["token_endpoint"], code=code, code_verifier=verifier)
            except OAuthError:
                raise await self._failed("code") from None
        claims = await self._discovery.verify(
            str(token.get("id_token") or ""), metadata, client_id=str(settings.oidc_client_id), nonce=visit.nonce
        )
        if claims is None:
            raise await self._failed("id_token")
        if settings.oidc_create_users and not claims.keys() & _NAMES:
            # Most providers tell names only here (Core, 5.4); what it says of somebody else is dropped (5.3.2).
            more = await self._discovery.userinfo(metadata, str(token.get("access_token") or ""))
            if more.get("sub") == claims["sub"]:
                claims = more | claims
        return claims

    async def _user(self, claims: dict[str, Any], settings: ServerSettings, link_to: UUID | None) -> User:
        issuer, subject = str(claims["iss"])[:255], str(claims["sub"])
        identity = await Identity.filter(issuer=issuer, subject=subject).select_related("user").first()
        if identity is None and link_to is None and not settings.oidc_create_users:
            await self._audit.record_refusal("auth.login", "auth.oidc_unknown_user")
            raise ForbiddenError("auth.oidc_unknown_user")
        if identity is not None:
            user: User = identity.user
            if link_to not in (None, user.id):
                raise ConflictError("auth.oidc_taken")
        elif link_to is not None:
            user = await self._linked(await self._users.get(link_to), issuer, subject)
        else:
            async with in_transaction():
                user = await self._linked(await self._created(claims, settings), issuer, subject)
        if not user.enabled:
            raise await self._failed("disabled")
        return user

    async def _linked(self, user: User, issuer: str, subject: str) -> User:
        try:
            async with in_transaction():
                await Identity.create(user=user, issuer=issuer, subject=subject)
                await self._audit.record("auth.oidc_linked", target=Target("user", user.id, user.name))
        except IntegrityError:
            raise ConflictError("auth.oidc_taken") from None
        return user

    async def _created(self, claims: dict[str, Any], settings: ServerSettings) -> User:
        wished = next((str(claims[key]) for key in _NAMES if claims.get(key)), "user")
        stem = user_name.normal(wished)[: user_name.MOST - 3]
        if not user_name.is_good(stem):
            stem = "user"
        for number in range(1, _TRIES):
            try:
                name = stem if number == 1 else f"{stem}-{number}"
                # Never linked with an existing user of that name: at the provider anybody may call themselves admin.
                return await self._users.create(name, None, Role.named(settings.oidc_new_role))
            except (ConflictError, InvalidError):
                continue
        raise ConflictError("conflict.duplicate", params={"field": "username"})

    async def _failed(self, reason: str) -> UnauthenticatedError:
        await self._audit.record_refusal("auth.login", f"oidc.{reason}")
        return UnauthenticatedError("auth.oidc_failed", params={"reason": reason})


def _oauth_client(settings: ServerSettings, redirect_uri: str) -> Any:
    # Imported on use: a server without single sign-on starts faster without it.
    from authlib.integrations.httpx_client import AsyncOAuth2Client

    secret = settings.oidc_client_secret
    return http_client(
        AsyncOAuth2Client,
        client_id=settings.oidc_client_id,
        client_secret=secret.get_secret_value() if secret else None,
        token_endpoint_auth_method="client_secret_basic" if secret else "none",
        scope=settings.oidc_scopes,
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
    )
