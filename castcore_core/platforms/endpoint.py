"""The OAuth 2 endpoints of one platform (RFC 6749, RFC 7009, RFC 7636, RFC 8628)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from castcore_core.db import utc_now
from castcore_core.platforms.wire import check_answer, client, reaching
from castcore_sdk import OAuthProvider
from castcore_sdk.errors import AuthenticationError, TemporaryError

_MOST = 256 << 10
_LONGEST = timedelta(days=3650)
_LONGEST_TOKEN = 16 << 10
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_REASON = re.compile(r"[a-z][a-z0-9_]{1,63}")


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a platform hands out for one account."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    expires_at: datetime | None
    """None: it does not say."""
    scopes: str
    """With blanks between; empty where it does not say."""


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What a person is to type where."""

    device_code: str = field(repr=False)
    user_code: str
    url: str
    url_complete: str | None
    interval: timedelta
    expires_at: datetime


class Endpoint:
    """The endpoints as one registered client reaches them.

    Every call raises TemporaryError ``oauth.unreachable``, and AuthenticationError ``oauth.refused`` with the
    platform's own word as ``reason``.
    """

    def __init__(self, provider: OAuthProvider, client_id: str, client_secret: str | None) -> None:
        self._provider = provider
        self._client_id = client_id
        self._secret = client_secret

    async def authorize_url(self, redirect_uri: str, state: str, verifier: str) -> str:
        """Return where to send the browser."""
        provider = self._provider
        proof = {"code_verifier": verifier} if provider.pkce else {}
        async with self._client(redirect_uri=redirect_uri, scope=" ".join(provider.scopes)) as maker:
            url, _ = maker.create_authorization_url(
                provider.authorize_url, state=state, **proof, **dict(provider.authorize_params)
            )
        return str(url)

    async def exchange(self, code: str, redirect_uri: str, verifier: str) -> Tokens:
        """Return the tokens for the code that the browser brought back."""
        proof = {"code_verifier": verifier} if self._provider.pkce else {}
        return await self._fetch(code=code, redirect_uri=redirect_uri, grant_type="authorization_code", **proof)

    async def renew(self, refresh_token: str) -> Tokens:
        """Return new tokens; with those that rotate, the old refresh token is dead from now on."""
        async with reaching(), self._client() as caller:
            try:
                answer = await caller.refresh_token(self._provider.token_url, refresh_token=refresh_token)
            except OAuthError as error:
                raise _refused(error) from None
        return _tokens(answer)

    async def begin_device(self) -> DeviceCode:
        """Ask for a code that a person types elsewhere."""
        provider = self._provider
        assert provider.device_url is not None
        scopes = provider.scopes if provider.device_scopes is None else provider.device_scopes
        body = {"scope": " ".join(scopes), **provider.device_params}
        async with reaching(), self._client() as caller:
            method = caller.client_auth(caller.token_endpoint_auth_method)
            answer = await caller.request("POST", provider.device_url, withhold_token=True, data=body, auth=method)
            return _device_code(_document(check_answer(answer)))

    async def ask_device(self, device_code: str) -> Tokens:
        """Return the tokens once the person has agreed; until then ``oauth.refused`` says what to do."""
        fields = {"device_code": device_code, "grant_type": _DEVICE_GRANT, **self._provider.device_params}
        return await self._fetch(**fields)

    async def revoke(self, tokens: Tokens) -> None:
        """Tell the platform that the tokens are not needed any more."""
        url = self._provider.revoke_url
        if url is None:
            return
        token, hint = (tokens.refresh, "refresh_token") if tokens.refresh else (tokens.access, "access_token")
        async with reaching(), self._client() as caller:
            check_answer(await caller.revoke_token(url, token=token, token_type_hint=hint))

    async def _fetch(self, **fields: str) -> Tokens:
        async with reaching(), self._client() as caller:
            try:
                return _tokens(await caller.fetch_token(self._provider.token_url, **fields))
            except OAuthError as error:
                raise _refused(error) from None

    def _client(self, **options: Any) -> Any:
        method = self._provider.client_auth if self._secret else "none"
        made = client(
            AsyncOAuth2Client,
            most=_MOST,
            client_id=self._client_id,
            client_secret=self._secret,
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
            code_challenge_method="S256",
            headers={"Accept": "application/json"},
            **options,
        )
        for place in ("access_token_response", "refresh_token_response"):
            made.register_compliance_hook(place, check_answer)
        return made


def _refused(error: OAuthError) -> AuthenticationError:
    return AuthenticationError("oauth.refused", params={"reason": _word(error.error)})


def _word(said: object) -> str:
    """Return the platform's word for a refusal, also where it writes a sentence in place of the RFCs' codes."""
    word = str(said).strip().lower().replace(" ", "_").replace("-", "_")
    return word if _REASON.fullmatch(word) else "refused"


def _tokens(answer: Mapping[str, Any]) -> Tokens:
    access, refresh = str(answer.get("access_token") or ""), answer.get("refresh_token")
    if not _is_token(access):
        raise AuthenticationError("oauth.refused", params={"reason": _word(answer.get("message", "no_token"))})
    if refresh is not None and not _is_token(refresh):
        raise AuthenticationError("oauth.refused", params={"reason": "refresh_token_unusable"})
    scopes = answer.get("scope") or ""
    return Tokens(
        access=access,
        refresh=refresh,
        expires_at=_moment(answer.get("expires_in")),
        scopes=" ".join(map(str, scopes)) if isinstance(scopes, list) else str(scopes),
    )


def _device_code(answer: Mapping[str, Any]) -> DeviceCode:
    if "error" in answer or "device_code" not in answer:
        said = answer.get("error") or answer.get("message", "no_device_code")
        raise AuthenticationError("oauth.refused", params={"reason": _word(said)})
    # Google has said verification_url since before the RFC.
    url = str(answer.get("verification_uri") or answer.get("verification_url") or "")
    code, complete = str(answer.get("user_code", "")), answer.get("verification_uri_complete")
    if not url.startswith(("https://", "http://")) or not 0 < len(code) <= 64 or not _is_token(answer["device_code"]):
        raise TemporaryError("oauth.unreachable", params={"reason": "device_code"})
    is_complete = isinstance(complete, str) and complete.startswith(("https://", "http://"))
    return DeviceCode(
        device_code=answer["device_code"],
        user_code=code,
        url=url[:2000],
        url_complete=complete if is_complete and len(str(complete)) <= 2000 else None,
        interval=timedelta(seconds=min(max(_number(answer.get("interval"), 5.0), 1.0), 300.0)),
        expires_at=_moment(answer.get("expires_in")) or utc_now() + timedelta(minutes=15),
    )


def _document(response: Any) -> Mapping[str, Any]:
    document = response.json()
    if not isinstance(document, dict):
        raise ValueError("not an object")
    return document


def _is_token(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_TOKEN and value.isprintable()


def _moment(seconds: object) -> datetime | None:
    value = _number(seconds, 0.0)
    return utc_now() + min(timedelta(seconds=value), _LONGEST) if value > 0 else None


def _number(value: object, default: float) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return default
    return min(number, _LONGEST.total_seconds()) if number >= 0 else default
