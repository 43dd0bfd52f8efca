"""Tickets: good for one live channel, once, for a minute."""

from __future__ import annotations

from datetime import timedelta

from castcore_core.accounts.actor import Account, Accounts
from castcore_core.accounts.models import Ticket
from castcore_core.accounts.secret import digest, new_secret
from castcore_core.db import utc_now
from castcore_core.error import UnauthenticatedError

LIFE = timedelta(seconds=60)


class Tickets:
    """Issue and redeem tickets; they stand in the database, so that any web process redeems them."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def issue(self, account: Account) -> str:
        """Return a ticket for ``account``; it ends with its session or token."""
        secret = new_secret()
        await Ticket.create(
            digest=digest(secret),
            session_id=account.session_id,
            token_id=account.token_id,
            expires_at=utc_now() + LIFE,
        )
        return secret

    async def redeem(self, secret: str) -> Account:
        """Return whose ticket this was. Raises UnauthenticatedError ``auth.ticket_invalid``."""
        ticket = await Ticket.get_or_none(digest=digest(secret))
        # Who deletes it has it: a second one who comes at the same time deletes nothing.
        if ticket is None or not await Ticket.filter(id=ticket.id).delete() or ticket.expires_at <= utc_now():
            raise UnauthenticatedError("auth.ticket_invalid")
        return await self._accounts.by_owner(ticket.session_id, ticket.token_id)
