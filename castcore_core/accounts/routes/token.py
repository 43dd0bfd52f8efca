"""API tokens of the user who calls."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from quart import Response
from quart_schema import validate_querystring, validate_request, validate_response

from castcore_core.accounts.api_token import ApiTokens
from castcore_core.accounts.limit import TOKEN, Limits
from castcore_core.accounts.routes.place import blueprint, confirmed_user, current_account
from castcore_core.accounts.schemas import TokenAnswer, TokenCreated, TokenCreation
from castcore_core.api.idempotency import idempotent
from castcore_core.api.page import Page, PageQuery
from castcore_core.api.rule import current_core
from castcore_core.secrets import mask


@blueprint.get("/auth/tokens")
@validate_querystring(PageQuery)
@validate_response(Page[TokenAnswer])
async def list_tokens(query_args: PageQuery) -> Page[TokenAnswer]:
    """List the own API tokens by name."""
    query_args.order((), "")
    tokens = current_core().get(ApiTokens)
    rows, total = await tokens.of(current_account().user_id, query_args.limit, query_args.offset)
    return Page[TokenAnswer].of([TokenAnswer(**_shown(row)) for row in rows], total, query_args)


@blueprint.post("/auth/tokens")
@idempotent
@validate_request(TokenCreation)
@validate_response(TokenCreated, 201)
async def create_token(data: TokenCreation) -> tuple[TokenCreated, int]:
    """Create an API token; its secret is in this answer and never again."""
    core = current_core()
    core.get(Limits).take(TOKEN, current_account().id)
    user = await confirmed_user(data.password, data.totp)
    secret, row = await core.get(ApiTokens).create(user.id, data.name, data.scopes, data.expires_at)
    return TokenCreated(**_shown(row), token=secret), 201


@blueprint.delete("/auth/tokens/<uuid:token_id>")
async def delete_token(token_id: UUID) -> Response:
    """Remove an own API token; it stops working at once."""
    await current_core().get(ApiTokens).delete(token_id, current_account().user_id)
    return Response(b"", 204)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "hint"} | {"masked": mask("x" * 12 + row["hint"])}
