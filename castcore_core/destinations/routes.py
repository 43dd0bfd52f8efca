"""Destinations over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from quart import Blueprint, Response
from quart_schema import tag_blueprint, validate_querystring, validate_request, validate_response

from castcore_core.accounts.actor import actor_role
from castcore_core.api.idempotency import idempotent
from castcore_core.api.page import Page
from castcore_core.api.precondition import etag_header, expectation
from castcore_core.api.rule import current_core
from castcore_core.destinations.models import StreamDestination
from castcore_core.destinations.schemas import (
    Check,
    DeletionQuery,
    DestinationAnswer,
    DestinationCreation,
    DestinationPatch,
    DestinationQuery,
    TestAnswer,
    TypeAnswer,
    TypeList,
)
from castcore_core.destinations.service import Destinations
from castcore_core.platforms.models import PlatformAccount
from castcore_sdk import Severity

blueprint = Blueprint("destinations", __name__)
tag_blueprint(blueprint, ["destinations"])

_SORTS = ("name", "type", "created_at", "updated_at")
_PLAIN = ("id", "name", "type", "enabled", "revision", "created_at", "updated_at")


@blueprint.get("/destinations")
@validate_querystring(DestinationQuery)
@validate_response(Page[DestinationAnswer])
async def list_destinations(query_args: DestinationQuery) -> Page[DestinationAnswer]:
    """List the kept destinations."""
    order = query_args.order(_SORTS, "name")
    filters = {"name__icontains": query_args.q, "type": query_args.type, "enabled": query_args.enabled}
    wanted = {key: value for key, value in filters.items() if value is not None}
    rows, total = await _service().find(wanted, order=order, limit=query_args.limit, offset=query_args.offset)
    return Page[DestinationAnswer].of([_answer(row) for row in rows], total, query_args)


@blueprint.post("/destinations")
@idempotent
@validate_request(DestinationCreation)
@validate_response(DestinationAnswer, 201)
async def create_destination(data: DestinationCreation) -> tuple[DestinationAnswer, int, dict[str, str]]:
    """Keep a destination."""
    row = await _service().create(
        data.name, data.type, data.config, actor_role(), enabled=data.enabled, account=data.account
    )
    return await _of(row), 201, {"Location": f"/api/v1/destinations/{row.id}", **etag_header(row.updated_at)}


@blueprint.get("/destinations/types")
@validate_response(TypeList)
async def list_types() -> TypeList:
    """List the types that plugins bring, each with the schema of its configuration."""
    return TypeList(items=[TypeAnswer.model_validate(each) for each in _service().types()])


@blueprint.get("/destinations/<uuid:destination_id>")
@validate_response(DestinationAnswer)
async def get_destination(destination_id: UUID) -> tuple[DestinationAnswer, int, dict[str, str]]:
    """Return one destination."""
    row = await _service().get(destination_id)
    return await _of(row), 200, etag_header(row.updated_at)


@blueprint.patch("/destinations/<uuid:destination_id>")
@validate_request(DestinationPatch)
@validate_response(DestinationAnswer)
async def change_destination(
    destination_id: UUID, data: DestinationPatch
) -> tuple[DestinationAnswer, int, dict[str, str]]:
    """Change a destination; where it is on air, it is sent to again with what is new."""
    given = {key: getattr(data, key) for key in data.model_fields_set}
    row = await _service().change(destination_id, given, expectation(), actor_role())
    return await _of(row), 200, etag_header(row.updated_at)


@blueprint.delete("/destinations/<uuid:destination_id>")
@validate_querystring(DeletionQuery)
async def delete_destination(destination_id: UUID, query_args: DeletionQuery) -> Response:
    """Remove a destination; with `force` also from jobs that are stopped."""
    await _service().delete(destination_id, force=query_args.force)
    return Response(b"", 204)


@blueprint.post("/destinations/<uuid:destination_id>/test")
@validate_response(TestAnswer)
async def test_destination(destination_id: UUID) -> TestAnswer:
    """Look whether a destination would take a stream; nothing is published."""
    found = await _service().test(destination_id)
    checks = [
        Check(code=each.code, severity=each.severity.value, params=dict(each.params), field=each.config_field)
        for each in found
    ]
    return TestAnswer(ok=all(each.severity is not Severity.ERROR for each in found), checks=checks)


def _service() -> Destinations:
    return current_core().get(Destinations)


async def _of(row: StreamDestination) -> DestinationAnswer:
    account_id: UUID | None = row.account_id  # type: ignore[attr-defined]
    account = await PlatformAccount.get_or_none(id=account_id) if account_id else None
    named = {
        "account_id": account.id if account else None,
        "account__name": account.name if account else None,
        "account__state": account.state if account else None,
    }
    return _answer({name: getattr(row, name) for name in (*_PLAIN, "config", "secrets")} | named)


def _answer(row: dict[str, Any]) -> DestinationAnswer:
    configurations = _service().configurations
    return DestinationAnswer(
        config=configurations.shown(row["id"], row["config"], row["secrets"]),
        available=configurations.has_type(row["type"]),
        account=row["account_id"],
        account_name=row["account__name"],
        account_state=row["account__state"],
        **{name: row[name] for name in _PLAIN},
    )
