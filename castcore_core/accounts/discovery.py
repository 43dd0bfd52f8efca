"""What an OpenID provider tells about itself, and whether an ID token is its own (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from castcore_sdk.errors import TemporaryError

_WELL_KNOWN = "/.well-known/openid-configuration"
_FRESH_S = 600.0
_TIMEOUT_S = 5.0
_MOST = 256 * 1024
_DRIFT_S = 60
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures with the provider's private key only: one made with our own secret proves less, ``none`` nothing."""
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def http_client(kind: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Return an HTTP client that follows no redirects, waits 5 s and ignores proxies of the environment."""
    import httpx2

    return (kind or httpx2.AsyncClient)(
        timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False, headers={"Accept": "application/json"}, **options
    )


class Discovery:
    """Metadata and keys of providers, fetched on use and kept for ten minutes."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}

    async def metadata(self, issuer: str) -> dict[str, Any]:
        """Return the provider's metadata. Raises TemporaryError ``auth.oidc_unreachable``."""
        found = await self._document(issuer + _WELL_KNOWN)
        addresses = [found.get(name) for name in _ENDPOINTS]
        secure = urlsplit(issuer).scheme == "https"
        if str(found.get("issuer")).rstrip("/") != issuer or not all(_is_usable(each, secure) for each in addresses):
            self._kept.clear()
            raise TemporaryError("auth.oidc_unreachable", params={"reason": "metadata"})
        return found

    async def verify(
        self, token: str, metadata: dict[str, Any], *, client_id: str, nonce: str
    ) -> dict[str, Any] | None:
        """Return the claims of an ID token, ``None`` where it is not the provider's for this visit (Core, 3.1.3.7)."""
        claims = await self._signed_claims(token, metadata["jwks_uri"])
        if claims is None:
            return None
        now, audience = time.time(), claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        expires, issued, subject = claims.get("exp"), claims.get("iat"), claims.get("sub")
        good = (
            claims.get("iss") == metadata["issuer"]
            and client_id in audiences
            and (len(audiences) == 1 or claims.get("azp") == client_id)
            and claims.get("nonce") == nonce
            and isinstance(expires, int | float)
            and expires > now - _DRIFT_S
            and isinstance(issued, int | float)
            and issued < now + _DRIFT_S
            and isinstance(subject, str)
            and 0 < len(subject) <= 255
        )
        return claims if good else None

    async def userinfo(self, metadata: dict[str, Any], access_token: str) -> dict[str, Any]:
        """Return what the provider tells about who has the token, empty where it tells nothing."""
        address = metadata.get("userinfo_endpoint")
        if not _is_usable(address, urlsplit(metadata["issuer"]).scheme == "https"):
            return {}
        return await _fetch(str(address), {"Authorization": f"Bearer {access_token}"})

    async def _signed_claims(self, token: str, keys_url: str) -> dict[str, Any] | None:
        # A key that is not known yet may be a new one: ask once more before the token is refused.
        for _ in range(2):
            try:
                keys = KeySet.import_key_set(await self._document(keys_url))  # type: ignore[arg-type]
                return dict(jwt.decode(token, keys, algorithms=_ALGORITHMS).claims)
            except (JoseError, ValueError, KeyError, TypeError):
                self._kept.pop(keys_url, None)
        return None

    async def _document(self, url: str) -> dict[str, Any]:
        then, kept = self._kept.get(url, (0.0, {}))
        if kept and time.monotonic() - then < _FRESH_S:
            return kept
        document = await _fetch(url, {})
        self._kept[url] = (time.monotonic(), document)
        return document


@asynccontextmanager
async def reaching() -> AsyncIterator[None]:
    """Turn what goes wrong on the way to the provider into TemporaryError ``auth.oidc_unreachable``."""
    import httpx2

    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        raise TemporaryError("auth.oidc_unreachable", params={"reason": type(error).__name__}) from None


async def _fetch(url: str, headers: dict[str, str]) -> dict[str, Any]:
    async with reaching(), http_client() as client, client.stream("GET", url, headers=headers) as response:
        content = b""
        async for part in response.aiter_bytes():
            content += part
            if len(content) > _MOST:
                raise ValueError("too long")
        if response.status_code != 200:
            raise ValueError("status")
        document = json.loads(content)
        if not isinstance(document, dict):
            raise ValueError("not an object")
        return document


def _is_usable(address: object, secure: bool) -> bool:
    if not isinstance(address, str):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.hostname) and parts.scheme in (("https",) if secure else ("https", "http"))
