"""Sign in, stay signed in, sign out."""

from __future__ import annotations

from uuid import UUID

from quart import Response, after_this_request, request
from quart_schema import security_scheme, validate_querystring, validate_request, validate_response
from werkzeug.wrappers import Response as WerkzeugResponse

from castcore_core.accounts.limit import REFRESH_ADDRESS, TICKET, Limits, address_key
from castcore_core.accounts.models import User
from castcore_core.accounts.origin import clear_cookie, set_cookie
from castcore_core.accounts.password_change import change_password
from castcore_core.accounts.routes.place import blueprint, confirmed_user, current_account
from castcore_core.accounts.routes.user import user_answer
from castcore_core.accounts.schemas import (
    Credentials,
    Me,
    PasswordChange,
    RefreshBody,
    SessionAnswer,
    SignedIn,
    TicketAnswer,
)
from castcore_core.accounts.session import LIFE, Sessions
from castcore_core.accounts.sign_in import SignIn
from castcore_core.accounts.ticket import LIFE as TICKET_LIFE
from castcore_core.accounts.ticket import Tickets
from castcore_core.api.page import Page, PageQuery
from castcore_core.api.rule import current_core
from castcore_core.audit import Audit, Caller, acting_as, caller
from castcore_core.audit.service import Target

AnyResponse = Response | WerkzeugResponse


@blueprint.post("/auth/login")
@validate_request(Credentials)
@validate_response(SignedIn)
@security_scheme([])
async def login(data: Credentials) -> SignedIn:
    """Sign in with name, password and, where it is set up, the second factor."""
    user = await current_core().get(SignIn).check(data.username, data.password.get_secret_value(), data.totp)
    return await open_session(user, by_cookie=data.cookie)


@blueprint.post("/auth/refresh")
@validate_request(RefreshBody)
@validate_response(SignedIn)
@security_scheme([])
async def refresh(data: RefreshBody) -> SignedIn:
    """Exchange a refresh token for new tokens; one that comes a second time ends the session."""
    core = current_core()
    core.get(Limits).take(REFRESH_ADDRESS, address_key(caller().address))
    granted, user = await core.get(Sessions).refresh(data.refresh_token)
    return _signed_in(user, granted.access_token, granted.refresh_token, granted.expires_in)


@blueprint.post("/auth/logout")
async def logout() -> Response:
    """End the session of this call, at once."""
    core, account = current_core(), current_account()
    if account.session_id is not None:
        await core.get(Sessions).end(account.session_id, account.user_id)
    response = Response(b"", 204)
    clear_cookie(response, core.configuration)
    return response


@blueprint.get("/auth/me")
@validate_response(Me)
async def me() -> Me:
    """Tell who calls."""
    account = current_account()
    return Me(
        id=account.user_id,
        username=account.name,
        role=account.role.title,
        kind=account.kind,
        session_id=account.session_id,
        scopes=None if account.token_id is None else sorted(account.scopes),
        language=account.language,
        time_zone=account.time_zone,
        theme=account.theme,
    )


@blueprint.post("/auth/password")
@validate_request(PasswordChange)
async def change_own_password(data: PasswordChange) -> Response:
    """Change the own password; every other session of the user ends."""
    user = await confirmed_user(data.current, data.totp)
    await change_password(current_core(), user, data.new.get_secret_value(), current_account().session_id)
    return Response(b"", 204)


@blueprint.post("/auth/ws-ticket")
@validate_response(TicketAnswer)
async def ticket() -> TicketAnswer:
    """Return a ticket that opens one live channel within a minute."""
    core, account = current_core(), current_account()
    core.get(Limits).take(TICKET, account.id)
    return TicketAnswer(ticket=await core.get(Tickets).issue(account), expires_in=int(TICKET_LIFE.total_seconds()))


@blueprint.get("/auth/sessions")
@validate_querystring(PageQuery)
@validate_response(Page[SessionAnswer])
async def sessions(query_args: PageQuery) -> Page[SessionAnswer]:
    """List where the user is signed in, the one used last first."""
    account = current_account()
    query_args.order((), "")
    rows, total = await current_core().get(Sessions).of(account.user_id, query_args.limit, query_args.offset)
    items = [
        SessionAnswer(
            **{key: row[key] for key in SessionAnswer.model_fields if key in row},
            current=row["id"] == account.session_id,
            kind="program" if row["cookie"] is None else "page",
        )
        for row in rows
    ]
    return Page[SessionAnswer].of(items, total, query_args)


@blueprint.delete("/auth/sessions")
async def end_other_sessions() -> Response:
    """End every session of the user but this one."""
    account = current_account()
    await current_core().get(Sessions).end_others(account.user_id, account.session_id)
    return Response(b"", 204)


@blueprint.delete("/auth/sessions/<uuid:session_id>")
async def end_session(session_id: UUID) -> Response:
    """End one session of the user, at once."""
    await current_core().get(Sessions).end(session_id, current_account().user_id)
    return Response(b"", 204)


async def open_session(user: User, *, by_cookie: bool) -> SignedIn:
    """Sign in a user who has been recognised: by a cookie that this answer sets, or by tokens."""
    core, agent = current_core(), request.headers.get("User-Agent", "")
    with acting_as(Caller("user", str(user.id), user.name, caller().address)):
        params = {"kind": "page" if by_cookie else "program"}
        await core.get(Audit).record("auth.login", target=Target("user", user.id, user.name), params=params)
        if not by_cookie:
            granted = await core.get(Sessions).open(user, agent)
            return _signed_in(user, granted.access_token, granted.refresh_token, granted.expires_in)
        cookie = await core.get(Sessions).open_page(user, agent)

    @after_this_request
    async def give_cookie(response: AnyResponse) -> AnyResponse:
        set_cookie(response, core.configuration, cookie)
        return response

    return _signed_in(user, None, None, int(LIFE.total_seconds()))


def _signed_in(user: User, access: str | None, refresh: str | None, seconds: int) -> SignedIn:
    return SignedIn(access_token=access, refresh_token=refresh, expires_in=seconds, user=user_answer(user))
