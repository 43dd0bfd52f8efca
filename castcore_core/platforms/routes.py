"""Platforms and accounts over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from quart import Blueprint, Response
from quart_schema import tag_blueprint, validate_querystring, validate_request, validate_response

from castcore_core.accounts.origin import own_address
from castcore_core.api.idempotency import idempotent
from castcore_core.api.page import Page
from castcore_core.api.precondition import etag_header, expectation
from castcore_core.api.rule import current_core
from castcore_core.destinations.kind import limits_of
from castcore_core.destinations.schemas import Check, Limits, TestAnswer
from castcore_core.platforms import metadata_routes, oauth_routes
from castcore_core.platforms.device import DeviceGrants
from castcore_core.platforms.kind import Platform, abilities_of
from castcore_core.platforms.models import DeviceGrant, PlatformAccount
from castcore_core.platforms.schemas import (
    AccountAnswer,
    AccountCreation,
    AccountPatch,
    AccountQuery,
    DeviceAnswer,
    PlatformAnswer,
    PlatformList,
)
from castcore_core.platforms.service import PlatformAccounts
from castcore_core.platforms.vault import client_secret
from castcore_core.secrets import mask
from castcore_sdk import OAuthProvider, Severity

blueprint = Blueprint("platforms", __name__)
tag_blueprint(blueprint, ["platforms"])
oauth_routes.add_to(blueprint)
metadata_routes.add_to(blueprint)

_SORTS = ("name", "type", "state", "created_at", "updated_at")

_Created = tuple[AccountAnswer, int, dict[str, str]]


@blueprint.get("/platforms")
@validate_response(PlatformList)
async def list_platforms() -> PlatformList:
    """List the types of platforms that plugins bring, with what they can do."""
    return PlatformList(items=[_platform(each) for each in _service().types()])


@blueprint.post("/platforms")
@idempotent
@validate_request(AccountCreation)
@validate_response(AccountAnswer, 201)
async def create_platform(data: AccountCreation) -> _Created:
    """Keep an account, as /platform-accounts does."""
    return await _create(data)


@blueprint.get("/platform-accounts")
@validate_querystring(AccountQuery)
@validate_response(Page[AccountAnswer])
async def list_accounts(query_args: AccountQuery) -> Page[AccountAnswer]:
    """List the kept accounts."""
    order = query_args.order(_SORTS, "name")
    filters = {"name__icontains": query_args.q, "type": query_args.type}
    wanted = {key: value for key, value in filters.items() if value is not None}
    rows, total = await _service().find(wanted, order=order, limit=query_args.limit, offset=query_args.offset)
    connecting = await _service().connecting(rows)
    return Page[AccountAnswer].of([_account(row, row.id in connecting) for row in rows], total, query_args)


@blueprint.post("/platform-accounts")
@idempotent
@validate_request(AccountCreation)
@validate_response(AccountAnswer, 201)
async def create_account(data: AccountCreation) -> _Created:
    """Keep an account; it is connected by `oauth/start` or by a device code."""
    return await _create(data)


@blueprint.get("/platform-accounts/<uuid:account_id>")
@validate_response(AccountAnswer)
async def get_account(account_id: UUID) -> tuple[AccountAnswer, int, dict[str, str]]:
    """Return one account."""
    row = await _service().get(account_id)
    return await _shown(row), 200, etag_header(row.updated_at)


@blueprint.patch("/platform-accounts/<uuid:account_id>")
@validate_request(AccountPatch)
@validate_response(AccountAnswer)
async def change_account(account_id: UUID, data: AccountPatch) -> tuple[AccountAnswer, int, dict[str, str]]:
    """Change an account."""
    given: dict[str, Any] = {key: getattr(data, key) for key in data.model_fields_set}
    if (secret := given.get("client_secret")) is not None:
        given["client_secret"] = secret.get_secret_value()
    row = await _service().change(account_id, given, expectation())
    return await _shown(row), 200, etag_header(row.updated_at)


@blueprint.delete("/platform-accounts/<uuid:account_id>")
async def delete_account(account_id: UUID) -> Response:
    """Remove an account that no destination uses, and withdraw its tokens."""
    await _service().delete(account_id)
    return Response(b"", 204)


@blueprint.post("/platform-accounts/<uuid:account_id>/test")
@validate_response(TestAnswer)
async def test_account(account_id: UUID) -> TestAnswer:
    """Ask the platform whether it knows the account."""
    found = await _service().test(account_id)
    checks = [Check(code=each.code, severity=each.severity.value, params=dict(each.params)) for each in found]
    return TestAnswer(ok=all(each.severity is not Severity.ERROR for each in found), checks=checks)


@blueprint.post("/platform-accounts/<uuid:account_id>/device")
@validate_response(DeviceAnswer, 201)
async def begin_device(account_id: UUID) -> tuple[DeviceAnswer, int]:
    """Get a code that somebody types at the platform; the server asks whether that has happened."""
    return _device(await current_core().get(DeviceGrants).begin(account_id)), 201


@blueprint.get("/platform-accounts/<uuid:account_id>/device")
@validate_response(DeviceAnswer)
async def get_device(account_id: UUID) -> DeviceAnswer:
    """Return the code that waits to be typed; 404 once the account is connected."""
    return _device(await current_core().get(DeviceGrants).get(account_id))


@blueprint.delete("/platform-accounts/<uuid:account_id>/device")
async def cancel_device(account_id: UUID) -> Response:
    """Forget the code."""
    await current_core().get(DeviceGrants).cancel(account_id)
    return Response(b"", 204)


def _service() -> PlatformAccounts:
    return current_core().get(PlatformAccounts)


async def _create(data: AccountCreation) -> _Created:
    secret = data.client_secret.get_secret_value() if data.client_secret else None
    row = await _service().create(data.name, data.type, data.client_id, secret)
    return _account(row), 201, {"Location": f"/api/v1/platform-accounts/{row.id}", **etag_header(row.updated_at)}


async def _shown(row: PlatformAccount) -> AccountAnswer:
    return _account(row, bool(await _service().connecting([row])))


def _account(row: PlatformAccount, connecting: bool = False) -> AccountAnswer:
    secret = client_secret(current_core().ring, row)
    state = "connecting" if connecting and row.state != "connected" else row.state
    return AccountAnswer(
        id=row.id,
        name=row.name,
        type=row.type,
        available=_service().has_type(row.type),
        client_id=row.client_id,
        client_secret=None if secret is None else mask(secret),
        label=row.label,
        scopes=row.scopes.split(),
        state=state,  # type: ignore[arg-type]
        code=row.code,
        params=row.params,
        expires_at=row.expires_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _platform(platform: Platform) -> PlatformAnswer:
    provider: OAuthProvider | None = getattr(platform.item, "oauth_provider", None)
    place = f"{own_address(current_core().configuration)}{oauth_routes.callback_path(platform.id)}"
    return PlatformAnswer(
        id=platform.id,
        plugin=platform.plugin,
        capabilities=abilities_of(platform),  # type: ignore[arg-type]
        limits=Limits.model_validate(limits_of(platform.item.limits)),
        scopes=list(provider.scopes) if provider else [],
        redirect_uri=place if provider else None,
    )


def _device(grant: DeviceGrant) -> DeviceAnswer:
    return DeviceAnswer(
        user_code=grant.user_code,
        verification_url=grant.verification_url,
        verification_url_complete=grant.verification_url_complete,
        state="failed" if grant.code else "pending",
        code=grant.code,
        interval=grant.interval,
        expires_at=grant.expires_at,
    )
