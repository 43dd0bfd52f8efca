"""Google's OAuth endpoints (RFC 6749, RFC 7636, RFC 8628), as far as an account needs them."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

SCOPE = "https://www.googleapis.com/auth/youtube"


class Authority:
    """Who hands out tokens."""

    def __init__(self) -> None:
        self.url = ""
        self.tokens: dict[str, str] = {}
        """Access token → scopes."""
        self.refresh: dict[str, str] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.client = ("client-1", "canary-google-client-secret")
        self.lock = threading.Condition()

    def token(self, scopes: str = SCOPE) -> str:
        """Hand out an access token."""
        token = f"canary-token-{secrets.token_hex(6)}"
        self.tokens[token] = scopes
        return token

    def authorize(self, query: Mapping[str, str], *, agree: bool = True) -> str:
        """Do what a person does in the browser; return where it is sent back to."""
        assert query["client_id"] == self.client[0], query
        assert query["response_type"] == "code", query
        assert (query["access_type"], query["prompt"]) == ("offline", "consent"), query
        if not agree:
            return f"{query['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': query['state']})}"
        code = secrets.token_hex(8)
        self.codes[code] = dict(query)
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state'], 'scope': query['scope']})}"

    def oauth(self, path: str, form: Mapping[str, str]) -> tuple[int, Any, dict[str, str]]:
        """Answer the token, device and revocation endpoints."""
        with self.lock:
            if path == "/revoke":
                known = self.refresh.pop(form["token"], None) or self.tokens.pop(form["token"], None)
                return (200, {}, {}) if known else _oauth_error("invalid_token")
            if form.get("client_id") != self.client[0]:
                return 401, {"error": "invalid_client"}, {}
            if path == "/device/code":
                code = secrets.token_hex(8)
                self.codes[code] = {"device": "pending", "scope": form["scope"]}
                return 200, _device(code, self.url), {}
            if form.get("client_secret") != self.client[1]:
                return 401, {"error": "invalid_client"}, {}
            return self._grant(form)

    def allow_device(self) -> None:
        """Do what a person does who enters the code."""
        for code in self.codes.values():
            code.pop("device", None)

    def _grant(self, form: Mapping[str, str]) -> tuple[int, Any, dict[str, str]]:
        if form["grant_type"] == "refresh_token":
            scopes = self.refresh.get(form["refresh_token"])
            return _oauth_error("invalid_grant") if scopes is None else self._tokens(scopes, None)
        code = self.codes.get(form.get("code") or form.get("device_code", ""))
        if code is None:
            return _oauth_error("invalid_grant")
        if code.get("device") == "pending":
            return 428, {"error": "authorization_pending"}, {}
        if "code_challenge" in code:
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != code["code_challenge"]:
                return _oauth_error("invalid_grant")
        self.codes.pop(form.get("code") or form["device_code"])
        refresh = f"canary-refresh-{secrets.token_hex(6)}"
        self.refresh[refresh] = code["scope"]
        return self._tokens(code["scope"], refresh)

    def _tokens(self, scopes: str, refresh: str | None) -> tuple[int, Any, dict[str, str]]:
        answer = {"access_token": self.token(scopes), "expires_in": 3599, "token_type": "Bearer", "scope": scopes}
        return 200, {**answer, **({"refresh_token": refresh} if refresh else {})}, {}


def _device(code: str, url: str) -> dict[str, Any]:
    address = f"{url}/device"
    return {
        "device_code": code,
        "user_code": "ABCD-EFGH",
        "verification_url": address,
        "expires_in": 600,
        "interval": 1,
    }


def _oauth_error(code: str) -> tuple[int, Any, dict[str, str]]:
    return 400, {"error": code}, {}
