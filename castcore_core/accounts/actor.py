"""The one behind a call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from castcore_core.accounts.api_token import ApiTokens
from castcore_core.accounts.role import Role
from castcore_core.accounts.session import Sessions
from castcore_core.api.gate import current_actor
from castcore_core.audit.caller import Caller
from castcore_core.error import UnauthenticatedError


@dataclass(frozen=True, slots=True)
class Account:
    """Who has been recognised: a user by a session, or by one of their API tokens."""

    user_id: UUID
    name: str
    role: Role
    session_id: UUID | None
    token_id: UUID | None
    token_name: str
    scopes: frozenset[str]
    language: str | None
    time_zone: str | None
    theme: str | None
    by_cookie: bool
    _sessions: Sessions = field(repr=False, compare=False)
    _tokens: ApiTokens = field(repr=False, compare=False)

    @property
    def id(self) -> str:
        """The user's id."""
        return str(self.user_id)

    @property
    def kind(self) -> Literal["user", "token"]:
        """Whether a person or a program calls."""
        return "user" if self.token_id is None else "token"

    async def is_valid(self) -> bool:
        """Tell whether session or token still lives and its user still has the role."""
        try:
            if self.session_id is not None:
                found = await self._sessions.by_id(self.session_id)
            else:
                assert self.token_id is not None
                found = await self._tokens.by_id(self.token_id)
        except UnauthenticatedError:
            return False
        return Role.named(found["user__role"]) >= self.role

    def caller(self, address: str) -> Caller:
        """Return the actor as the audit log names it."""
        name = self.name if self.token_id is None else f"{self.name} / {self.token_name}"
        return Caller(self.kind, self.id, name, address)


class Accounts:
    """Recognise whoever brings a token, a cookie, or the row that a ticket was made for."""

    def __init__(self, sessions: Sessions, tokens: ApiTokens) -> None:
        self._sessions = sessions
        self._tokens = tokens

    def of_session(self, row: dict[str, Any], *, by_cookie: bool = False) -> Account:
        """Return the account behind a session's row."""
        return self._account(row, session_id=row["id"], by_cookie=by_cookie)

    def of_token(self, row: dict[str, Any]) -> Account:
        """Return the account behind an API token's row."""
        return self._account(row, token_id=row["id"], token_name=row["name"], scopes=frozenset(row["scopes"]))

    async def by_bearer(self, secret: str) -> Account:
        """Return whose access token or API token this is. Raises UnauthenticatedError."""
        if secret.startswith("cc_"):
            return self.of_token(await self._tokens.by_secret(secret))
        return self.of_session(await self._sessions.by_access_token(secret))

    async def by_cookie(self, cookie: str) -> Account:
        """Return whose page this is. Raises UnauthenticatedError."""
        return self.of_session(await self._sessions.by_cookie(cookie), by_cookie=True)

    async def by_owner(self, session_id: UUID | None, token_id: UUID | None) -> Account:
        """Return who got a ticket. Raises UnauthenticatedError."""
        if session_id is not None:
            return self.of_session(await self._sessions.by_id(session_id))
        if token_id is None:
            raise UnauthenticatedError("auth.ticket_invalid")
        return self.of_token(await self._tokens.by_id(token_id))

    def _account(
        self,
        row: dict[str, Any],
        *,
        session_id: UUID | None = None,
        token_id: UUID | None = None,
        token_name: str = "",
        scopes: frozenset[str] = frozenset(),
        by_cookie: bool = False,
    ) -> Account:
        return Account(
            user_id=row["user__id"],
            name=row["user__name"],
            role=Role.named(row["user__role"]),
            session_id=session_id,
            token_id=token_id,
            token_name=token_name,
            scopes=scopes,
            language=row["user__language"],
            time_zone=row["user__time_zone"],
            theme=row["user__theme"],
            by_cookie=by_cookie,
            _sessions=self._sessions,
            _tokens=self._tokens,
        )


def actor_role() -> Role:
    """Return the role of whoever makes this request; for rules beyond the table, such as which files may be named."""
    role = getattr(current_actor(), "role", Role.VIEWER)
    return role if isinstance(role, Role) else Role.VIEWER
