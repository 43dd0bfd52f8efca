"""Notifications over HTTP."""

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
from castcore_core.i18n import translate
from castcore_core.notifications.event import EVENTS, EventKind
from castcore_core.notifications.models import NotificationTarget
from castcore_core.notifications.schemas import (
    DeliveryAnswer,
    DeliveryQuery,
    EventAnswer,
    EventList,
    EventQuery,
    Outcome,
    TargetAnswer,
    TargetCreation,
    TargetPatch,
    TargetQuery,
    TestAnswer,
    TypeAnswer,
    TypeList,
)
from castcore_core.notifications.service import Notifications
from castcore_sdk import LEVELS, config_schema

blueprint = Blueprint("notifications", __name__)
tag_blueprint(blueprint, ["notifications"])

_SORTS = ("name", "type", "created_at", "updated_at")
_PLAIN = ("id", "name", "type", "enabled", "events", "min_level", "language", "quiet_hours", "created_at", "updated_at")
_KEPT = (*_PLAIN, "config", "secrets", "last_state", "last_code", "last_at")


@blueprint.get("/notifications")
@validate_querystring(TargetQuery)
@validate_response(Page[TargetAnswer])
async def list_targets(query_args: TargetQuery) -> Page[TargetAnswer]:
    """List the kept targets."""
    order = query_args.order(_SORTS, "name")
    filters = {"name__icontains": query_args.q, "type": query_args.type, "enabled": query_args.enabled}
    wanted = {key: value for key, value in filters.items() if value is not None}
    rows, total = await _service().find(wanted, order=order, limit=query_args.limit, offset=query_args.offset)
    return Page[TargetAnswer].of([await _answer(row) for row in rows], total, query_args)


@blueprint.post("/notifications")
@idempotent
@validate_request(TargetCreation)
@validate_response(TargetAnswer, 201)
async def create_target(data: TargetCreation) -> tuple[TargetAnswer, int, dict[str, str]]:
    """Keep a target."""
    values = _values(data, {"name", "enabled", "events", "min_level", "language", "quiet_hours"})
    row = await _service().create(data.type, data.config, values, actor_role())
    return await _of(row), 201, {"Location": f"/api/v1/notifications/{row.id}", **etag_header(row.updated_at)}


@blueprint.get("/notifications/types")
@validate_response(TypeList)
async def list_types() -> TypeList:
    """List the types that plugins bring, each with the schema of its configuration."""
    return TypeList(
        items=[
            TypeAnswer(id=each.id, plugin=each.plugin, config_schema=config_schema(each.item.config_model))
            for each in _service().configurations.types()
        ]
    )


@blueprint.get("/notifications/events")
@validate_querystring(EventQuery)
@validate_response(EventList)
async def list_events(query_args: EventQuery) -> EventList:
    """List everything that people can be told of."""
    return EventList(items=[_event(kind, query_args.language) for kind in EVENTS.values()])


@blueprint.get("/notifications/<uuid:target_id>")
@validate_response(TargetAnswer)
async def get_target(target_id: UUID) -> tuple[TargetAnswer, int, dict[str, str]]:
    """Return one target."""
    row = await _service().get(target_id)
    return await _of(row), 200, etag_header(row.updated_at)


@blueprint.patch("/notifications/<uuid:target_id>")
@validate_request(TargetPatch)
@validate_response(TargetAnswer)
async def change_target(target_id: UUID, data: TargetPatch) -> tuple[TargetAnswer, int, dict[str, str]]:
    """Change a target; what waits for it is sent with what is new."""
    given = _values(data, data.model_fields_set)
    row = await _service().change(target_id, given, expectation(), actor_role())
    return await _of(row), 200, etag_header(row.updated_at)


@blueprint.delete("/notifications/<uuid:target_id>")
async def delete_target(target_id: UUID) -> Response:
    """Remove a target, with its log and what still waits for it."""
    await _service().delete(target_id)
    return Response(b"", 204)


@blueprint.post("/notifications/<uuid:target_id>/test")
@validate_response(TestAnswer)
async def test_target(target_id: UUID) -> TestAnswer:
    """Send a message for real, and return what the other side answers."""
    row = await _service().test(target_id)
    return TestAnswer(ok=row.state == "sent", answer=row.answer, code=row.code, params=row.code_params)


@blueprint.get("/notifications/<uuid:target_id>/deliveries")
@validate_querystring(DeliveryQuery)
@validate_response(Page[DeliveryAnswer])
async def list_deliveries(target_id: UUID, query_args: DeliveryQuery) -> Page[DeliveryAnswer]:
    """List what was and will be sent to a target, the newest first."""
    order = query_args.order(("created_at",), "-created_at")
    filters = {"state": query_args.state, "event": query_args.event, "key": query_args.key}
    wanted = {key: value for key, value in filters.items() if value is not None}
    service, limit = _service(), query_args.limit
    rows, total = await service.deliveries(target_id, wanted, order=order, limit=limit, offset=query_args.offset)
    return Page[DeliveryAnswer].of([_delivery(row) for row in rows], total, query_args)


def _service() -> Notifications:
    return current_core().get(Notifications)


def _values(data: TargetCreation | TargetPatch, names: set[str]) -> dict[str, Any]:
    given = {name: getattr(data, name) for name in names}
    if given.get("quiet_hours") is not None:
        given["quiet_hours"] = given["quiet_hours"].model_dump(mode="json")
    return given


async def _of(row: NotificationTarget) -> TargetAnswer:
    return await _answer({name: getattr(row, name) for name in _KEPT})


async def _answer(row: dict[str, Any]) -> TargetAnswer:
    configurations = _service().configurations
    last, code = None, row["last_code"]
    if row["last_at"] is not None:
        params = await _service().params_of(row["id"], code) if code else {}
        last = Outcome(state=row["last_state"], code=code, params=params, at=row["last_at"])
    return TargetAnswer(
        config=configurations.shown(row["id"], row["config"], row["secrets"]),
        available=configurations.has_type(row["type"]),
        last=last,
        **{name: row[name] for name in _PLAIN},
    )


def _event(kind: EventKind, language: str) -> EventAnswer:
    text = translate(kind.text, language=language)
    level = LEVELS[kind.severity]
    return EventAnswer.model_validate(
        {"name": kind.name, "level": level, "ends": kind.over, "title": text.message, "text": text.cause}
    )


def _delivery(row: dict[str, Any]) -> DeliveryAnswer:
    waiting = row["state"] == "queued"
    return DeliveryAnswer.model_validate(row | {"next_attempt": row["next_attempt"] if waiting else None})
