"""A server with its real gate and one user per role: ``async with staffed(folder) as staff``."""

from __future__ import annotations

import re
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from quart import Quart, Response
from quart.testing import QuartClient
from quart.typing import TestClientProtocol

from castcore_core.accounts.models import User
from castcore_core.accounts.role import Role
from castcore_core.accounts.session import Granted, Sessions
from castcore_core.accounts.user import Users
from castcore_core.api.app import create_app
from castcore_core.audit import Caller, acting_as
from castcore_core.audit.models import AuditEntry
from castcore_core.core import Core
from castcore_core.feature import FEATURES, Feature
from servers.castcore import clone, running_core

PASSWORD = "correct horse battery staple"
BASE = "/api/v1"

_template: list[tempfile.TemporaryDirectory[str]] = []


@dataclass
class Reply:
    """An answer that has been read."""

    status: int
    body: Any
    headers: Any

    @property
    def code(self) -> str | None:
        """The error's code."""
        return self.body["error"]["code"] if isinstance(self.body, dict) and "error" in self.body else None


class Visitor:
    """Somebody who calls the API."""

    def __init__(self, app: Quart, headers: dict[str, str] | None = None, address: str = "192.0.2.7") -> None:
        self.app = app
        self.client: TestClientProtocol = QuartClient(app, use_cookies=True)
        self.headers = headers or {}
        self.address = address

    async def __call__(self, method: str, path: str, json: Any = None, *, base: str = BASE, **headers: str) -> Reply:
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        options: dict[str, Any] = {} if json is None else {"json": json}
        full = path if path.startswith(("/api", "/metrics")) else base + path
        scope = {"client": (self.address, 4711)}
        response: Response = await self.client.open(full, method=method, headers=sent, scope_base=scope, **options)  # type: ignore[arg-type]
        if response.is_json:
            return Reply(response.status_code, await response.get_json(), response.headers)
        return Reply(response.status_code, await response.get_data(as_text=True), response.headers)


class Staff:
    """The server, and one user per role."""

    def __init__(self, core: Core, app: Quart) -> None:
        self.core = core
        self.app = app
        self.users: dict[Role, User] = {}

    def anonymous(self, address: str = "192.0.2.7") -> Visitor:
        """Return somebody who has not signed in."""
        return Visitor(self.app, address=address)

    async def session(self, user: User, address: str = "192.0.2.7") -> Granted:
        """Open a session without signing in."""
        with acting_as(Caller("user", str(user.id), user.name, address)):
            return await self.core.get(Sessions).open(user, "test")

    async def signed_in(self, who: Role | User, address: str = "192.0.2.7") -> Visitor:
        """Return somebody with an access token."""
        granted = await self.session(who if isinstance(who, User) else self.users[who], address)
        return Visitor(self.app, {"Authorization": f"Bearer {granted.access_token}"}, address)

    async def page(self, who: Role) -> Visitor:
        """Return a browser that is signed in."""
        browser = Visitor(self.app, {"Origin": "http://localhost"})
        reply = await browser("POST", "/auth/login", {**self.credentials(who), "cookie": True})
        assert reply.status == 200, reply.body
        return browser

    def credentials(self, who: Role | User) -> dict[str, str]:
        """Return what a user types."""
        return {"username": (who if isinstance(who, User) else self.users[who]).name, "password": PASSWORD}


async def quick_hash() -> str:
    """Return a hash of :data:`PASSWORD` that is checked in no time."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


async def add_user(core: Core, name: str, role: Role) -> User:
    """Make a user with :data:`PASSWORD`."""
    user = await core.get(Users).create(name, None, role)
    user.password = await quick_hash()
    await user.save()
    return user


@asynccontextmanager
async def bare(folder: Path, *, features: Iterable[Feature] = FEATURES, **environment: str) -> AsyncIterator[Staff]:
    """Open a server without any user."""
    async with running_core(folder, features=features, **environment) as core:
        yield Staff(core, create_app(core, features=features))


@asynccontextmanager
async def staffed(folder: Path, **environment: str) -> AsyncIterator[Staff]:
    """Open a server with one user per role: ``viewer 1``, ``operator 1`` and ``admin 1``."""
    if not _template:
        # Migrating takes a quarter of a second: once is enough.
        _template.append(tempfile.TemporaryDirectory())
        async with bare(Path(_template[0].name)) as staff:
            for role in Role:
                await add_user(staff.core, f"{role.title} 1", role)
            await AuditEntry.all().delete()
    clone(Path(_template[0].name), folder)
    async with bare(folder, **environment) as staff:
        staff.users = {Role.named(user.role): user for user in await User.all()}
        yield staff


def filled(rule: str) -> str:
    """Return a path that fits ``rule``, with ids that do not exist."""

    def value(match: re.Match[str]) -> str:
        kind = match[1].partition(":")[0] if ":" in match[1] else "string"
        return {"uuid": str(uuid4()), "int": "1"}.get(kind, "nothing")

    return re.sub(r"<([^>]+)>", value, rule)
