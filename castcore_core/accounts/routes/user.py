"""Users and roles."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from quart import Response
from quart_schema import validate_querystring, validate_request, validate_response

from castcore_core.accounts.models import User
from castcore_core.accounts.role import Role
from castcore_core.accounts.routes.place import blueprint
from castcore_core.accounts.schemas import (
    RoleAnswer,
    RoleList,
    UserAnswer,
    UserCreation,
    UserPatch,
    UserQuery,
)
from castcore_core.accounts.table import ROOT, SCOPES, TABLE, Access
from castcore_core.accounts.user import SHOWN, UserChange, Users
from castcore_core.api.idempotency import idempotent
from castcore_core.api.page import Page
from castcore_core.api.rule import current_core

_SORTS = {"username": "key", "role": "role", "created_at": "created_at"}


@blueprint.get("/users")
@validate_querystring(UserQuery)
@validate_response(Page[UserAnswer])
async def list_users(query_args: UserQuery) -> Page[UserAnswer]:
    """List the users."""
    order = [_column(name) for name in query_args.order(_SORTS, "username")]
    rows, total = await (
        current_core()
        .get(Users)
        .find(
            q=query_args.q,
            role=Role.named(query_args.role) if query_args.role else None,
            enabled=query_args.enabled,
            order=order,
            limit=query_args.limit,
            offset=query_args.offset,
        )
    )
    return Page[UserAnswer].of([_answer(row) for row in rows], total, query_args)


@blueprint.post("/users")
@idempotent
@validate_request(UserCreation)
@validate_response(UserAnswer, 201)
async def create_user(data: UserCreation) -> tuple[UserAnswer, int, dict[str, str]]:
    """Create a user."""
    password = data.password.get_secret_value() if data.password else None
    user = await current_core().get(Users).create(data.username, password, Role.named(data.role))
    return user_answer(user), 201, {"Location": f"/api/v1/users/{user.id}"}


@blueprint.get("/users/<uuid:user_id>")
@validate_response(UserAnswer)
async def get_user(user_id: UUID) -> UserAnswer:
    """Return one user."""
    return user_answer(await current_core().get(Users).get(user_id))


@blueprint.patch("/users/<uuid:user_id>")
@validate_request(UserPatch)
@validate_response(UserAnswer)
async def change_user(user_id: UUID, data: UserPatch) -> UserAnswer:
    """Change a user; whatever takes rights away ends the user's sessions at once."""
    change = UserChange()
    if data.username is not None:
        change["name"] = data.username
    if data.role is not None:
        change["role"] = Role.named(data.role)
    if data.enabled is not None:
        change["enabled"] = data.enabled
    if data.password is not None:
        change["password"] = data.password.get_secret_value()
    if data.two_factor is not None:
        change["totp_active"] = False
    return user_answer(await current_core().get(Users).change(user_id, change))


@blueprint.delete("/users/<uuid:user_id>")
async def delete_user(user_id: UUID) -> Response:
    """Remove a user with all sessions and tokens."""
    await current_core().get(Users).delete(user_id)
    return Response(b"", 204)


@blueprint.get("/roles")
@validate_response(RoleList)
async def list_roles() -> RoleList:
    """List the roles with what each may call, and the scopes for API tokens."""
    return RoleList(items=[RoleAnswer(name=role.title, routes=_routes(role)) for role in Role], scopes=list(SCOPES))


def user_answer(user: User) -> UserAnswer:
    """Return what others see of a stored user."""
    return _answer({key: getattr(user, key) for key in SHOWN})


def _answer(row: dict[str, Any]) -> UserAnswer:
    return UserAnswer(
        **{key: row[key] for key in ("id", "role", "enabled", "created_at", "updated_at")},
        username=row["name"],
        two_factor=row["totp_active"],
        has_password=row["password"] is not None,
    )


def _column(name: str) -> str:
    sign = "-" if name.startswith("-") else ""
    bare = name.removeprefix("-")
    return sign + _SORTS.get(bare, bare)


def _routes(role: Role) -> list[str]:
    placed = [("/api/v1", rows) for rows in TABLE.values()] + [("", rows) for rows in ROOT.values()]
    return sorted(
        f"{method} {prefix}{path}"
        for prefix, rows in placed
        for path, methods in rows.items()
        for method, access in methods.items()
        if access <= role and access != Access.SETUP
    )
