"""To the platform and back, over HTTP."""

from __future__ import annotations

from html import escape
from urllib.parse import quote, urlencode, urlsplit

from quart import Blueprint, Response, redirect, request
from quart_schema import hide, validate_querystring

from castcore_core.accounts.actor import Account
from castcore_core.accounts.limit import PROVIDER_ADDRESS, Limits, address_key
from castcore_core.accounts.origin import own_address
from castcore_core.accounts.role import Role
from castcore_core.api.gate import current_actor
from castcore_core.api.rule import current_core
from castcore_core.audit import caller
from castcore_core.error import ForbiddenError, RequestError, UnauthenticatedError
from castcore_core.platforms.schemas import ArrivalQuery, DepartureAnswer, DepartureQuery
from castcore_core.platforms.service import PlatformAccounts
from castcore_core.platforms.visit import Visits
from castcore_sdk.errors import CastCoreError

_RETURN = "/"


def add_to(blueprint: Blueprint) -> None:
    """Mount these routes."""
    blueprint.get("/platforms/<type>/oauth/start")(hide(validate_querystring(DepartureQuery)(depart)))
    blueprint.get("/platforms/<type>/oauth/callback")(hide(validate_querystring(ArrivalQuery)(arrive)))


def callback_path(type_id: str) -> str:
    """Return the path that a platform sends the browser back to."""
    return f"/api/v1/platforms/{quote(type_id)}/oauth/callback"


async def depart(type: str, query_args: DepartureQuery) -> Response | DepartureAnswer:  # noqa: A002
    """Send a browser to the platform; a program gets the address instead."""
    core, session_id = current_core(), _account().session_id
    if session_id is None:
        raise ForbiddenError("auth.forbidden")
    back = own_address(core.configuration) + callback_path(type)
    departure = await core.get(Visits).depart(type, query_args.account, back, session_id, query_args.return_to)
    if _is_page():
        return _redirect(departure.url)
    return DepartureAnswer(url=departure.url, expires_at=departure.expires_at)


async def arrive(type: str, query_args: ArrivalQuery) -> Response:  # noqa: A002
    """Take what the platform sends back, and lead the browser on.

    The browser comes from the platform's site, so its Strict cookie stays at home. The first answer is therefore a
    page of our own that asks for the same address again: that navigation is ours, and the cookie goes with it.
    """
    core = current_core()
    core.get(Limits).take(PROVIDER_ADDRESS, address_key(caller().address))
    if current_actor() is None and query_args.again is None and _is_page():
        return Response(_ask_again(), content_type="text/html; charset=utf-8")
    place = _RETURN
    try:
        account = _account()
        if account.role < Role.ADMIN or account.session_id is None:
            raise ForbiddenError("auth.forbidden")
        visits = core.get(Visits)
        visit = await visits.take(type, query_args.state, account.session_id)
        place = visit.return_to or _RETURN
        if query_args.error is not None:
            raise await visits.turned_away(visit, query_args.error)
        if query_args.code is None:
            raise RequestError("request.malformed")
        await visits.arrive(visit, query_args.code)
        await core.get(PlatformAccounts).name_account(visit.account.id)
    except CastCoreError as error:
        if not _is_page():
            raise
        return _redirect(_with(place, {"error": error.code}))
    if _is_page():
        return _redirect(_with(place, {"connected": str(visit.account.id)}))
    return Response(b"", 204)


def _account() -> Account:
    actor = current_actor()
    if not isinstance(actor, Account):
        raise UnauthenticatedError("auth.required")
    return actor


def _is_page() -> bool:
    return request.accept_mimetypes.accept_html and request.accept_mimetypes.best != "*/*"


def _ask_again() -> str:
    query = urlencode([*request.args.items(multi=True), ("again", "1")])
    place = escape(f"{request.path}?{query}", quote=True)
    return (
        '<!doctype html><meta charset="utf-8"><meta name="robots" content="noindex">'
        f'<meta http-equiv="refresh" content="0;url={place}"><title>CastCore</title>'
    )


def _with(path: str, values: dict[str, str]) -> str:
    return f"{path}{'&' if urlsplit(path).query else '?'}{urlencode(values)}"


def _redirect(address: str) -> Response:
    response = redirect(address, 303)
    assert isinstance(response, Response)
    return response
