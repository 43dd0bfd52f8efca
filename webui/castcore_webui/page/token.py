"""API tokens: what programs may do on one's own behalf."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from quart import Response
from quart_schema import hide

from castcore_core.accounts.table import AREAS
from castcore_core.api.planned import PLANNED
from castcore_webui.page.place import blueprint, render, render_refusal
from castcore_webui.reading import ask_all

DAYS = (7, 30, 90, 365)
"""How long a new token may last, besides for ever."""


@blueprint.get("/account/tokens")
@hide
async def tokens() -> Response:
    """Show the own API tokens, and the form of a new one."""
    listed, provider = await ask_all("/auth/tokens?limit=100", "/auth/oidc")
    if not listed.ok:
        return await render_refusal(listed)
    now = datetime.now(UTC)
    return await render(
        "tokens.html",
        script="token",
        tokens=[{**each, "expired": _expired(each, now), "may": granted(each["scopes"])} for each in listed.items],
        areas=[area for area in AREAS if area not in PLANNED],
        days=DAYS,
        provider=provider.ok and provider.body["enabled"],
    )


def granted(scopes: Iterable[str]) -> list[tuple[str, str]]:
    """Return each area with the most that ``scopes`` grant there, every area (``*``) first: write includes read."""
    found: dict[str, str] = {}
    for scope in sorted(scopes):
        area, _, kind = scope.partition(":")
        found[area] = kind  # "write" sorts after "read"
    return list(found.items())


def _expired(token: dict[str, Any], now: datetime) -> bool:
    return token["expires_at"] is not None and datetime.fromisoformat(token["expires_at"]) <= now
