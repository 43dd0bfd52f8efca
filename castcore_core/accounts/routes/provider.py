"""Single sign-on: to the OpenID provider and back."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field
from quart import Response, redirect, request
from quart_schema import hide, security_scheme, validate_querystring, validate_response

from castcore_core.accounts.limit import PROVIDER_ADDRESS, Limits, address_key
from castcore_core.accounts.models import User
from castcore_core.accounts.origin import clear_cookie, own_address, read_cookie, set_cookie
from castcore_core.accounts.provider import VISIT, Provider
from castcore_core.accounts.routes.place import blueprint, current_account
from castcore_core.accounts.schemas import ProviderAnswer
from castcore_core.accounts.session import Sessions
from castcore_core.api.rule import current_core
from castcore_core.audit import Audit, Caller, acting_as, caller
from castcore_core.audit.service import Target
from castcore_core.error import RequestError
from castcore_core.settings import Settings
from castcore_sdk.errors import CastCoreError

_VISIT = "castcore_visit"
_CALLBACK = "/api/v1/auth/oidc/callback"
# The browser asks for the next page from this one and not from the provider's: only so a Strict cookie goes with it.
_ARRIVED = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>CastCore</title>'


class Departing(BaseModel):
    """``link`` ties the provider's identity to the user who is signed in."""

    model_config = ConfigDict(extra="forbid")

    link: Literal["true", "false"] = "false"


class Arriving(BaseModel):
    """What the provider sends along; further parameters are ignored, as RFC 6749, 4.1.2 asks."""

    state: str = Field(min_length=1, max_length=256)
    code: str | None = Field(default=None, max_length=4096)
    iss: str | None = Field(default=None, max_length=512)
    error: str | None = Field(default=None, max_length=256)


@blueprint.get("/auth/oidc")
@validate_response(ProviderAnswer)
@security_scheme([])
async def provider() -> ProviderAnswer:
    """Tell whether single sign-on is offered."""
    settings = await current_core().get(Settings).read()
    return ProviderAnswer(enabled=settings.oidc_enabled, label=settings.oidc_label if settings.oidc_enabled else None)


@blueprint.get("/auth/oidc/start")
@hide
@validate_querystring(Departing)
async def depart(query_args: Departing) -> Response:
    """Send the browser to the provider."""
    core = current_core()
    core.get(Limits).take(PROVIDER_ADDRESS, address_key(caller().address))
    link_to = current_account().user_id if query_args.link == "true" else None
    departure = await core.get(Provider).depart(own_address(core.configuration) + _CALLBACK, link_to)
    response = _redirect(departure.url)
    life = int(VISIT.total_seconds())
    # Lax, since the way back comes from the provider's site.
    set_cookie(response, core.configuration, departure.browser, name=_VISIT, life_s=life, same_site="Lax")
    return response


@blueprint.get("/auth/oidc/callback")
@hide
@validate_querystring(Arriving)
async def arrive(query_args: Arriving) -> Response:
    """Sign in whom the provider sends back; a browser is led to the pages, also with an error."""
    core = current_core()
    core.get(Limits).take(PROVIDER_ADDRESS, address_key(caller().address))
    try:
        response = await _signed_in(await _recognised(query_args))
    except CastCoreError as error:
        if not request.accept_mimetypes.accept_html or request.accept_mimetypes.best == "*/*":
            raise
        response = _redirect(f"/?error={quote(error.code)}")
    clear_cookie(response, core.configuration, name=_VISIT, same_site="Lax")
    return response


async def _recognised(arriving: Arriving) -> User:
    core = current_core()
    browser = read_cookie(core.configuration, _VISIT)
    if arriving.error is not None:
        await core.get(Provider).refused(arriving.state, browser)
    if arriving.code is None:
        raise RequestError("request.malformed")
    return await core.get(Provider).arrive(
        state=arriving.state, code=arriving.code, issuer=arriving.iss, browser=browser
    )


async def _signed_in(user: User) -> Response:
    core = current_core()
    with acting_as(Caller("user", str(user.id), user.name, caller().address)):
        target = Target("user", user.id, user.name)
        await core.get(Audit).record("auth.login", target=target, params={"kind": "oidc"})
        cookie = await core.get(Sessions).open_page(user, request.headers.get("User-Agent", ""))
    response = Response(_ARRIVED, content_type="text/html; charset=utf-8")
    set_cookie(response, core.configuration, cookie)
    return response


def _redirect(address: str) -> Response:
    response = redirect(address, 303)
    assert isinstance(response, Response)
    return response
