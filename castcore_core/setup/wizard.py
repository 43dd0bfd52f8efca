"""The first-run wizard: makes the first admin, and lets that admin finish the other steps."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from castcore_core.accounts.models import User
from castcore_core.accounts.role import Role
from castcore_core.accounts.user import Users
from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.error import ConflictError, ForbiddenError
from castcore_core.secrets import scrubber
from castcore_core.setup.models import WizardState
from castcore_core.setup.syscheck import SystemCheck

STEPS = ("language", "admin", "ffmpeg", "folders", "storage", "plugins", "syscheck", "complete")

_NAME = "wizard"
_TOKEN_BYTES = 15


@dataclass(frozen=True, slots=True)
class Progress:
    """What the wizard's page needs to know."""

    admin_exists: bool
    done: frozenset[str]


class Wizard:
    """The wizard. It is over once there is an admin; the admin whom it has made itself may finish it.

    Whoever makes the first admin proves with the setup token that they can see the server's terminal. That is asked of
    everybody: behind a reverse proxy, a tunnel or a container's network every caller looks local.
    """

    def __init__(self, users: Users, audit: Audit) -> None:
        self._users = users
        self._audit = audit
        self._token: str | None = None
        self._early: set[str] = set()

    async def prepare(self) -> str | None:
        """Return the one-time token to print, ``None`` where there is an admin."""
        if await self._users.has_admin():
            return None
        text = base64.b32encode(secrets.token_bytes(_TOKEN_BYTES)).decode()
        self._token = "-".join(text[at : at + 4] for at in range(0, len(text), 4))
        scrubber.add(self._token)
        return self._token

    async def progress(self, actor_id: UUID | None) -> Progress:
        """Return how far it is. Raises ConflictError ``setup.already_completed``."""
        state = await self._open(actor_id)
        done = frozenset(state.steps) if state else frozenset(self._early)
        return Progress(state is not None, done)

    async def check(self, step: str, actor_id: UUID | None, token: str | None) -> None:
        """Let somebody take ``step``: language and syscheck anybody, the others with the token or as the new admin.

        Raises ConflictError ``setup.already_completed``, ForbiddenError ``setup.token_invalid``.
        """
        state = await self._open(actor_id)
        if state is None and step not in ("language", "syscheck"):
            await self._check_token(token)

    async def make_admin(self, name: str, password: str, token: str | None) -> User:
        """Make the first admin. Raises as :meth:`check`, and InvalidError."""
        await self.check("admin", None, token)
        try:
            async with in_transaction():
                user = await self._users.create(name, password, Role.ADMIN, only_first=True)
                # The unique name lets one of two servers that do this at the same time win.
                done = [step for step in STEPS if step in self._early | {"admin"}]
                await WizardState.create(name=_NAME, admin_id=user.id, steps=done)
        except IntegrityError:
            raise ConflictError("setup.already_completed") from None
        self._token = None
        return user

    async def mark(self, step: str) -> None:
        """Write down that ``step`` is done."""
        state = await WizardState.get_or_none(name=_NAME)
        if state is None:
            self._early.add(step)
        elif step not in state.steps:
            state.steps = [each for each in STEPS if each in {*state.steps, step}]
            await state.save()

    async def finish(self, actor_id: UUID | None) -> None:
        """Close the wizard for good. Raises ConflictError ``setup.required`` or ``setup.already_completed``."""
        state = await self._open(actor_id)
        if state is None:
            raise ConflictError("setup.required")
        async with in_transaction():
            state.steps = [step for step in STEPS if step in {*state.steps, "complete"}]
            state.finished_at = utc_now()
            await state.save()
            await self._audit.record("setup.completed", target=Target("setup"))

    async def _open(self, actor_id: UUID | None) -> WizardState | None:
        if not await self._users.has_admin():
            return None
        state = await WizardState.get_or_none(name=_NAME)
        if state is None or state.finished_at is not None or state.admin_id != actor_id:
            raise ConflictError("setup.already_completed")
        return state

    async def _check_token(self, token: str | None) -> None:
        given = (token or "").strip().upper().encode()
        if self._token is None or not hmac.compare_digest(given, self._token.encode()):
            await self._audit.record_refusal("setup.token", "setup.token_invalid")
            raise ForbiddenError("setup.token_invalid")


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Provide the :class:`Wizard`, and announce its token where there is no admin yet."""
    wizard = Wizard(core.get(Users), core.get(Audit))
    core.provide(wizard)
    core.provide(SystemCheck(core))
    if token := await wizard.prepare():
        core.announcements.append(("setup.token", {"token": token}))
    yield
