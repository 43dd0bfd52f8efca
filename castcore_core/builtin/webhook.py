"""The signed webhook: notifications as JSON to a program of one's own."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, field_validator

from castcore_core.builtin.address import Address, parse_address, validator
from castcore_core.builtin.peer import peers
from castcore_core.builtin.signature import key_of, sign
from castcore_sdk import (
    LEVELS,
    AuthenticationError,
    CastCoreError,
    CheckResult,
    ConfigurationError,
    ExtensionConfig,
    Notification,
    Notifier,
    Params,
    PermanentError,
    Secret,
    Severity,
    TemporaryError,
    problem,
    ui,
)

if TYPE_CHECKING:
    import httpx2 as httpx

_ANSWER = 500
"""Bytes of the answer that are read."""
_PORTS = {"http": 80, "https": 443}
_AGAIN = frozenset({408, 425, 429})


def _url(value: str) -> str:
    address = parse_address(value, "https", "http")
    if address.username is not None or address.password is not None:
        raise ConfigurationError("destinations.credentials_in_url")
    return value


class WebhookConfig(ExtensionConfig):
    """Where notifications are posted to."""

    url: Annotated[str, validator(_url)] = Field(json_schema_extra=ui(widget="url"))
    """Address that takes the notifications, https; http only for receivers in your own network."""
    secret: Secret
    """Key that signs every message: at least 16 characters, best whsec_ and 32 random bytes in base64."""
    private_addresses: bool = Field(default=False, json_schema_extra=ui(advanced=True))
    """The receiver may be in a private network or on this machine."""

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, value: Secret) -> Secret:
        try:
            key_of(value.get_secret_value())
        except ValueError:
            raise problem("webhook.secret_short") from None
        return value


class Webhook(Notifier[WebhookConfig]):
    """Post JSON, signed; follow no redirect, and connect to no address that was not judged."""

    id = "webhook"
    max_body = 4000
    timeouts: ClassVar[Mapping[str, timedelta]] = {"send": timedelta(seconds=20)}

    async def send(self, notification: Notification, /) -> str | None:
        """Post once. 2xx means that it has arrived; 408, 425, 429 and 5xx, that it is to come again."""
        import httpx2

        body = json.dumps(_message(notification), ensure_ascii=False, separators=(",", ":")).encode()
        address = parse_address(self.config.url, *_PORTS)
        failure: CastCoreError | None = None
        for peer in await peers(address.host, private=self.config.private_addresses):
            try:
                return await self._post(address, peer, notification.id, body)
            except httpx2.ConnectError as error:
                failure = _unreachable(address, error)
            except httpx2.RequestError as error:
                failure = TemporaryError("webhook.no_answer", params={"host": address.host, "reason": _name(error)})
                break
        raise failure or TemporaryError("webhook.host_unknown", params={"host": address.host})

    async def check(self) -> Sequence[CheckResult]:
        """Look up the address; nothing is posted."""
        host = parse_address(self.config.url, *_PORTS).host
        params: Params = {"host": host}
        try:
            await peers(host, private=self.config.private_addresses)
        except CastCoreError as error:
            return [CheckResult(code=error.code, severity=Severity.ERROR, params=params, config_field="url")]
        return [CheckResult(code="webhook.host_known", severity=Severity.OK, params=params)]

    async def _post(self, address: Address, peer: str, message_id: str, body: bytes) -> str:
        host = f"[{peer}]" if ":" in peer else peer
        port = f":{address.port}" if address.port else ""
        query = f"?{address.query}" if address.query else ""
        url = f"{address.scheme}://{host}{port}{address.path or '/'}{query}"
        signed = sign(key_of(self.config.secret.get_secret_value()), message_id, int(time.time()), body)
        headers = {
            "Host": address.peer,
            "Content-Type": "application/json; charset=utf-8",
            "Accept-Encoding": "identity",
            "User-Agent": "CastCore",
            **signed,
        }
        # The certificate has to be the name's, although the connection goes to the address that was judged.
        stream = self.context.http.stream(
            "POST",
            url,
            content=body,
            headers=headers,
            follow_redirects=False,
            extensions={"sni_hostname": address.host},
        )
        async with stream as answer:
            text = await _start_of(answer)
        shown = f"{answer.status_code} {text}".strip()
        if answer.is_success:
            return shown
        raise _refusal(answer, address.host, shown)


def _message(notification: Notification) -> dict[str, object]:
    return {
        "id": notification.id,
        "key": notification.key,
        "event": notification.event,
        "level": LEVELS[notification.severity],
        "title": notification.title,
        "body": notification.body,
        "link": notification.link,
        "sent_at": notification.sent_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "params": dict(notification.params),
    }


async def _start_of(answer: httpx.Response) -> str:
    """Return the beginning of the answer, in printable characters; the rest is not read."""
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        # Not asked for, and a few bytes of it can be a thousand times as many.
        return ""
    read = b""
    async for chunk in answer.aiter_bytes():
        read += chunk
        if len(read) >= _ANSWER:
            break
    text = read[:_ANSWER].decode("utf-8", "replace")
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _refusal(answer: httpx.Response, host: str, shown: str) -> CastCoreError:
    status = answer.status_code
    params: Params = {"host": host, "status": status}
    if status in _AGAIN or status >= 500:
        return TemporaryError("webhook.busy", retry_after=_retry_after(answer), params=params, detail=shown)
    if status in (401, 403):
        return AuthenticationError("webhook.denied", params=params, detail=shown)
    if 300 <= status < 400:
        return PermanentError("webhook.redirected", params=params, detail=shown)
    return PermanentError("webhook.gone" if status == 410 else "webhook.refused", params=params, detail=shown)


def _retry_after(answer: httpx.Response) -> timedelta | None:
    """Return what ``Retry-After`` says (RFC 9110, 10.2.3): seconds or a date."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value[:9]), 86400))
    with suppress(ValueError, OverflowError):
        until = parsedate_to_datetime(value)
        return max(timedelta(0), until - datetime.now(UTC)) if until.tzinfo else None
    return None


def _unreachable(address: Address, error: Exception) -> CastCoreError:
    params: Params = {"host": address.host, "port": address.port or _PORTS[address.scheme]}
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return TemporaryError("webhook.tls_failed", params=params, detail=str(getattr(cause, "verify_message", "")))
        cause = cause.__cause__ or cause.__context__
    return TemporaryError("webhook.unreachable", params=params)


def _name(error: Exception) -> str:
    return type(error).__name__
