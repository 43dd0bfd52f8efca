"""The gate of every route: who calls, and whether the table lets them."""

from __future__ import annotations

from quart import g, has_websocket_context, request, websocket

from castcore_core.accounts.actor import Account, Accounts
from castcore_core.accounts.origin import check_origin, read_cookie
from castcore_core.accounts.role import Role
from castcore_core.accounts.table import Access, Row, row_of
from castcore_core.accounts.ticket import Tickets
from castcore_core.accounts.user import Users
from castcore_core.api.host import client_address
from castcore_core.audit import Audit, Caller
from castcore_core.audit.caller import become
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.error import ConflictError, ForbiddenError, UnauthenticatedError

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_STREAMS = "/api/v1/sse/"


def make_gate(core: Core) -> AccountsGate:
    """Return the gate over the services of ``core``."""
    return AccountsGate(core)


class AccountsGate:
    """Let a call pass or refuse it, by :mod:`castcore_core.accounts.table`."""

    def __init__(self, core: Core) -> None:
        self._configuration = core.configuration
        self._users = core.get(Users)
        self._accounts = core.get(Accounts)
        self._tickets = core.get(Tickets)
        self._audit = core.get(Audit)

    async def admit(self, rule: str, method: str) -> None:
        """Set ``g.actor`` and who acts, or refuse; see :class:`~castcore_core.api.gate.Gate`."""
        address = client_address(self._configuration)
        become(Caller("anonymous", address=address))
        g.actor = None
        row = row_of(rule, method)
        if row is None:
            raise ForbiddenError("auth.forbidden")
        if row.access > Access.SETUP and not await self._users.has_admin():
            raise ConflictError("setup.required")
        account = await self._recognised(rule, method, row)
        if account is not None:
            g.actor = account
            become(account.caller(address))
        if row.access >= Access.VIEWER:
            await self._check_rights(account, row, rule, method)

    async def _recognised(self, rule: str, method: str, row: Row) -> Account | None:
        try:
            account = await self._account(rule, method)
        except UnauthenticatedError:
            # An open route works also for those whose session is over: they sign in there, or read the health.
            if row.access >= Access.VIEWER:
                raise
            account = None
        if method not in _SAFE and (account is None or account.by_cookie):
            check_origin(self._configuration, required=account is not None and row.access != Access.GUEST)
        return account

    async def _account(self, rule: str, method: str) -> Account | None:
        call = websocket if has_websocket_context() else request
        kind, _, secret = call.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return await self._accounts.by_bearer(secret.strip())
        if method == "WEBSOCKET" or rule.startswith(_STREAMS):
            # Browsers send no header with these; anywhere else a secret in an address would end up in logs.
            if ticket := call.args.get("ticket"):
                return await self._tickets.redeem(ticket)
            if token := call.args.get("token"):
                return await self._accounts.by_bearer(token)
        if cookie := read_cookie(self._configuration):
            return await self._accounts.by_cookie(cookie)
        return None

    async def _check_rights(self, account: Account | None, row: Row, rule: str, method: str) -> None:
        if account is None:
            raise UnauthenticatedError("auth.required")
        reason = None
        if account.role < row.access:
            reason = "role"
        elif account.token_id is not None and not row.fits(account.scopes):
            reason = "scope"
        if reason:
            await self._audit.record_refusal("auth.access", reason, target=Target("route", name=f"{method} {rule}"))
            raise ForbiddenError("auth.forbidden", params={"needs": Role(row.access).title})
