"""One form for every error, whatever its status."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import structlog
from quart import Quart, Response, g, jsonify
from quart_schema import RequestSchemaValidationError
from werkzeug.exceptions import HTTPException

from castcore_core.db.outage import is_outage
from castcore_core.error import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    PreconditionError,
    RateLimitedError,
    RequestError,
    UnauthenticatedError,
    UnavailableError,
)
from castcore_sdk.errors import CastCoreError, ConfigurationError, NotFoundError, TemporaryError

_log = structlog.get_logger(__name__)

# The first class that fits decides. AuthenticationError of the SDK is a plugin's trouble with its platform, not the
# caller's, so it is a conflict and never a 401 that would sign the user out.
_STATUS: tuple[tuple[type[CastCoreError], int], ...] = (
    (InvalidError, 422),
    (UnauthenticatedError, 401),
    (ForbiddenError, 403),
    (NotFoundError, 404),
    (ConflictError, 409),
    (PreconditionError, 412),
    (UnavailableError, 501),
    (ConfigurationError, 422),
    (RateLimitedError, 429),
    (TemporaryError, 503),
    (CastCoreError, 409),
)
_HTTP_CODES = {
    400: "request.malformed",
    404: "request.not_found",
    405: "request.method_not_allowed",
    408: "request.too_slow",
    413: "request.too_large",
    414: "request.too_large",
    415: "request.media_type",
    416: "request.range",
    421: "request.host_unknown",
}


def status_of(error: CastCoreError) -> int:
    """Return the HTTP status of one of the core's errors."""
    if isinstance(error, RequestError):
        return error.status
    return next(status for kind, status in _STATUS if isinstance(error, kind))


def envelope(code: str, params: Mapping[str, Any] | None = None, *, level: str = "error") -> dict[str, Any]:
    """Return the body of an error."""
    return {"error": {"code": code, "params": dict(params or {}), "level": level}}


def _answer(status: int, code: str, params: Mapping[str, Any] | None = None) -> Response:
    response: Response = jsonify(envelope(code, params))
    response.status_code = status
    return response


async def _on_core_error(error: CastCoreError) -> Response:
    status = status_of(error)
    params: dict[str, Any] = dict(error.params)
    if isinstance(error, InvalidError):
        params["fields"] = error.fields
    if isinstance(error, ConfigurationError) and error.field:
        params["field"] = error.field
    response = _answer(status, error.code, params)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TemporaryError):
        seconds = error.retry_after.total_seconds() if error.retry_after else 1
        response.headers["Retry-After"] = str(max(1, math.ceil(seconds)))
    return response


async def _on_validation_error(error: RequestSchemaValidationError) -> Response:
    from pydantic import ValidationError

    fault = error.validation_error
    if not isinstance(fault, ValidationError):
        return _answer(422, "validation.failed", {"fields": [{"path": [], "type": "model_type"}]})
    # Without input, context and message: each of them may hold what the caller sent, and that may be a secret.
    found = fault.errors(include_url=False, include_context=False, include_input=False)
    return _answer(422, "validation.failed", {"fields": [{"path": list(e["loc"]), "type": e["type"]} for e in found]})


async def _on_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    response = _answer(status, _HTTP_CODES.get(status, "server.internal" if status >= 500 else "request.refused"))
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


async def _on_fault(error: Exception) -> Response:
    if is_outage(error):
        _log.warning("database unavailable", error=type(error).__name__)
        response = _answer(503, "database.unavailable", {"reason": type(error).__name__})
        response.headers["Retry-After"] = "1"
        return response
    request_id = getattr(g, "request_id", "")
    _log.error("request failed", exc_info=error)
    return _answer(500, "server.internal", {"request_id": request_id})


def install(app: Quart) -> None:
    """Answer every error of ``app`` in the envelope."""
    app.register_error_handler(CastCoreError, _on_core_error)
    app.register_error_handler(RequestSchemaValidationError, _on_validation_error)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(Exception, _on_fault)
