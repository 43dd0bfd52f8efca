"""The cookies of pages, and that unsafe calls with them come from our own pages."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from quart import has_websocket_context, request, websocket
from werkzeug.sansio.response import Response

from castcore_core.api.host import is_secure
from castcore_core.config import Configuration
from castcore_core.error import ForbiddenError

_NAME = "castcore_session"
_LIFE_S = 400 * 24 * 3600
"""The most that browsers keep; the session itself ends earlier on the server."""


def cookie_name(configuration: Configuration, name: str = _NAME) -> str:
    """Return the cookie's name; over HTTPS no other host or path can set one of this name (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{name}" if is_secure(configuration) else name


def read_cookie(configuration: Configuration, name: str = _NAME) -> str | None:
    """Return the cookie of this call."""
    call = websocket if has_websocket_context() else request
    return call.cookies.get(cookie_name(configuration, name))


def set_cookie(
    response: Response,
    configuration: Configuration,
    value: str,
    *,
    name: str = _NAME,
    life_s: int = _LIFE_S,
    same_site: Literal["Strict", "Lax"] = "Strict",
) -> None:
    """Give the browser a cookie that no script reads."""
    response.set_cookie(
        cookie_name(configuration, name),
        value,
        max_age=life_s,
        path="/",
        secure=is_secure(configuration),
        httponly=True,
        samesite=same_site,
    )


def clear_cookie(
    response: Response,
    configuration: Configuration,
    *,
    name: str = _NAME,
    same_site: Literal["Strict", "Lax"] = "Strict",
) -> None:
    """Take the cookie from the browser."""
    set_cookie(response, configuration, "", name=name, life_s=0, same_site=same_site)


def check_origin(configuration: Configuration, *, required: bool) -> None:
    """Refuse what another site's page sends. Raises ForbiddenError ``auth.origin_refused``.

    ``required``: somebody who names no origin at all is refused too, as every browser names one.
    """
    call = websocket if has_websocket_context() else request
    origin = call.headers.get("Origin")
    if origin is None:
        site = call.headers.get("Sec-Fetch-Site")
        if site in ("same-origin", "none") or (site is None and not required):
            return
    elif origin in _own(configuration, call.host):
        return
    raise ForbiddenError("auth.origin_refused")


def own_address(configuration: Configuration) -> str:
    """Return the address under which the caller's browser reaches the server."""
    if configuration.public_url:
        return configuration.public_url
    return f"{'https' if is_secure(configuration) else 'http'}://{request.host}"


def _own(configuration: Configuration, host: str) -> set[str]:
    # A proxy that ends TLS need not be configured as trusted: the same host over https is never a stranger.
    own = {f"https://{host}"}
    if not is_secure(configuration):
        own.add(f"http://{host}")
    if configuration.public_url:
        parts = urlsplit(configuration.public_url)
        own.add(f"{parts.scheme}://{parts.netloc}")
    return own
