"""Keep accounts, name them as their platforms do, and try them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import structlog
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from castcore_core.audit import Audit
from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.db.revision import Expectation
from castcore_core.destinations.models import StreamDestination
from castcore_core.error import ConflictError
from castcore_core.platforms.event import tell
from castcore_core.platforms.kind import Platform, platform_of, platforms_of, provider_of
from castcore_core.platforms.models import DeviceGrant, OAuthVisit, PlatformAccount
from castcore_core.platforms.token import AccountTokens, account_row
from castcore_core.platforms.vault import lock_client_secret, tokens_of
from castcore_core.platforms.visit import target
from castcore_core.plugins.context import Connect, HeldSession
from castcore_core.plugins.host import PluginHost
from castcore_core.profiles.service import in_use
from castcore_sdk import CastCoreError, CheckResult, Severity, SupportsOAuth
from castcore_sdk.errors import AuthenticationError, TemporaryError

_NAME_S = 15.0
_REVOKE_S = 8.0
_LONGEST_LABEL = 200

_log = structlog.get_logger(__name__)


class PlatformAccounts:
    """All accounts."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._audit = core.get(Audit)
        self._host = core.get(PluginHost)
        self._tokens = core.get(AccountTokens)

    def types(self) -> list[Platform]:
        """Return the types of platforms that plugins bring."""
        return platforms_of(self._host)

    def has_type(self, type_id: str) -> bool:
        """Tell whether the plugin of a type is loaded."""
        return type_id in self._host.registry.destinations

    async def find(
        self, wanted: Mapping[str, Any], *, order: Sequence[str], limit: int, offset: int
    ) -> tuple[list[PlatformAccount], int]:
        """Return rows and how many there are; ``wanted`` are Tortoise filters."""
        query = PlatformAccount.filter(**wanted)
        return await query.order_by(*order).limit(limit).offset(offset), await query.count()

    async def connecting(self, rows: Sequence[PlatformAccount]) -> set[UUID]:
        """Return which accounts somebody is just connecting."""
        ids = [row.id for row in rows]
        now = utc_now()
        visits = await OAuthVisit.filter(account_id__in=ids, expires_at__gt=now).values("account_id")
        grants = await DeviceGrant.filter(account_id__in=ids, code="", expires_at__gt=now).values("account_id")
        return {each["account_id"] for each in (*visits, *grants)}

    async def get(self, account_id: UUID) -> PlatformAccount:
        """Return one. Raises NotFoundError ``platforms.not_found``."""
        return await account_row(account_id)

    async def create(self, name: str, type_id: str, client_id: str, client_secret: str | None) -> PlatformAccount:
        """Keep an account, not connected yet. Raises ConfigurationError, ConflictError ``conflict.duplicate``."""
        platform_of(self._host, type_id)
        row_id = uuid4()
        try:
            async with in_transaction():
                row = await PlatformAccount.create(
                    id=row_id,
                    name=name,
                    type=type_id,
                    client_id=client_id,
                    client_secret=lock_client_secret(self._core.ring, row_id, client_secret),
                    params={},
                )
                await self._audit.record("platforms.created", target=target(row))
        except IntegrityError:
            raise ConflictError("conflict.duplicate", params={"field": "name"}) from None
        return row

    async def change(self, account_id: UUID, given: Mapping[str, Any], expected: Expectation) -> PlatformAccount:
        """Change the ``given`` fields; with another client id the account has to be connected again.

        Raises NotFoundError, PreconditionError, ConflictError.
        """
        try:
            async with in_transaction():
                row = await account_row(account_id)
                expected.check(row.updated_at)
                changed = _changes(self._core, row, given)
                await PlatformAccount.filter(id=row.id).update(**changed, updated_at=utc_now())
                await self._audit.record("platforms.changed", target=target(row), changed=given)
        except IntegrityError:
            raise ConflictError("conflict.duplicate", params={"field": "name"}) from None
        after = await account_row(account_id)
        if after.state != row.state:
            await tell(self._core.bus, after)
        return after

    async def delete(self, account_id: UUID) -> None:
        """Remove an account and tell the platform, as far as it listens.

        Raises NotFoundError, ConflictError ``conflict.in_use``.
        """
        users: list[str] = []
        try:
            async with in_transaction():
                row = await account_row(account_id)
                rows = await StreamDestination.filter(account_id=account_id).order_by("name").values("name")
                if users := [str(each["name"]) for each in rows]:
                    raise in_use(users)
                await row.delete()
                await self._audit.record("platforms.deleted", target=target(row))
        except IntegrityError:  # a destination came to it just now
            raise in_use(users) from None
        await tell(self._core.bus, row, state="deleted")
        await self._revoke(row)

    async def name_account(self, account_id: UUID) -> CheckResult:
        """Ask the platform what it calls the account, and keep that; what goes wrong is the last error."""
        row = await account_row(account_id)
        try:
            async with asyncio.timeout(_NAME_S):
                label = await self._ask_label(row)
        except TimeoutError:
            problem: CastCoreError = TemporaryError("oauth.unreachable", params={"reason": "timeout"})
        except CastCoreError as error:
            problem = error
        else:
            await PlatformAccount.filter(id=row.id).update(label=label, code="", params={})
            params: dict[str, str | int | float | bool] = {"account": row.name, "label": label}
            return CheckResult(code="platforms.working", severity=Severity.OK, params=params)
        await PlatformAccount.filter(id=row.id, state="connected").update(code=problem.code, params=problem.params)
        return CheckResult(code=problem.code, severity=Severity.ERROR, params=problem.params)

    async def test(self, account_id: UUID) -> list[CheckResult]:
        """Try an account for real: get new tokens where these were refused, and ask the platform for its name."""
        row = await account_row(account_id)
        await self._audit.record("platforms.tested", target=target(row))
        if row.state == "reauthentication":
            with contextlib.suppress(CastCoreError):
                await self._tokens.renew(row.id, spent=row.revision, refused=True)
        found = [await self.name_account(account_id)]
        row = await account_row(account_id)
        wanted = set(provider_of(self._host, row.type).scopes)
        missing = wanted - set(row.scopes.split()) if row.scopes and row.state == "connected" else set()
        if missing:
            params: dict[str, str | int | float | bool] = {"account": row.name, "scopes": " ".join(sorted(missing))}
            found.append(CheckResult(code="platforms.scope_missing", severity=Severity.WARNING, params=params))
        return found

    def connect(self, account_id: UUID) -> Connect:
        """Return what opens a session of the account, for the context of an extension."""

        async def open_session() -> HeldSession:
            from castcore_core.platforms.session import AccountSession

            row = await account_row(account_id)
            if row.tokens is None:
                raise AuthenticationError("platforms.not_connected", params={"account": row.name})
            return AccountSession(self._tokens, row.id, row.label or row.name, row.client_id)

        return open_session

    async def _ask_label(self, row: PlatformAccount) -> str:
        connect = self.connect(row.id)
        instance = self._host.create(
            platform_of(self._host, row.type), {}, instance=f"account-{row.id}", connect=connect
        )
        session = await connect()
        try:
            extension = instance.extension
            assert isinstance(extension, SupportsOAuth)
            label = await instance.call(extension.account_label, session)
            return str(label).strip()[:_LONGEST_LABEL]
        finally:
            await session.aclose()
            with contextlib.suppress(CastCoreError):
                await instance.close()

    async def _revoke(self, row: PlatformAccount) -> None:
        from castcore_core.platforms.endpoint import Tokens

        try:
            known = tokens_of(self._core.ring, row)
            if known is None:
                return
            async with asyncio.timeout(_REVOKE_S):
                await self._tokens.endpoint(row).revoke(Tokens(*known, expires_at=None, scopes=""))
        except (CastCoreError, TimeoutError) as error:
            _log.info("tokens not revoked", account=row.name, error=getattr(error, "code", "timeout"))


def _changes(core: Core, row: PlatformAccount, given: Mapping[str, Any]) -> dict[str, Any]:
    changed = {key: given[key] for key in ("name", "client_id") if given.get(key) is not None}
    if "client_secret" in given:
        changed["client_secret"] = lock_client_secret(core.ring, row.id, given["client_secret"])
    if changed.get("client_id", row.client_id) != row.client_id:
        # Tokens belong to the client that they were given to.
        changed |= {"tokens": None, "expires_at": None, "state": "disconnected", "scopes": "", "label": ""}
        changed |= {"code": "", "params": {}, "revision": row.revision + 1}
    return changed
