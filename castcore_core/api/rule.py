"""The rules that every request meets before its view, and every answer after it."""

from __future__ import annotations

import re
import uuid
from typing import cast

import structlog
from quart import Quart, Response, current_app, g, request, websocket

from castcore_core.api.body import StrictRequest
from castcore_core.api.gate import Gate
from castcore_core.api.host import is_known_host
from castcore_core.core import Core
from castcore_core.error import RequestError

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def current_core() -> Core:
    """Return the core of the application that serves this request."""
    core: Core = current_app.extensions["castcore"]
    return core


def install(app: Quart, core: Core, gate: Gate) -> None:
    """Apply the rules to ``app``."""

    async def before() -> None:
        _name_request(request.headers.get("X-Request-ID", ""))
        _check_address(core, request.host, request.full_path)
        if request.routing_exception is None and request.url_rule is not None:
            await gate.admit(request.url_rule.rule, request.method)
            _strict().check_body()

    async def before_socket() -> None:
        _name_request(websocket.headers.get("X-Request-ID", ""))
        _check_address(core, websocket.host, websocket.full_path)
        if websocket.routing_exception is None and websocket.url_rule is not None:
            await gate.admit(websocket.url_rule.rule, "WEBSOCKET")

    async def after(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Request-ID"] = g.request_id
        if _strict().has_body:
            await _strict().body.drain()
        if core.configuration.scheme == "https":
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response

    app.before_request(before)
    app.before_websocket(before_socket)
    app.after_request(after)


def _strict() -> StrictRequest:
    return cast(StrictRequest, request)


def _name_request(given: str) -> None:
    g.request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _check_address(core: Core, host: str, path: str) -> None:
    if not is_known_host(host, core.configuration):
        raise RequestError("request.host_unknown", status=421, params={"host": host[:255]})
    if "\x00" in path or "%00" in path:
        raise RequestError("request.malformed")
