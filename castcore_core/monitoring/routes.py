"""Health, figures and Prometheus over HTTP."""

from __future__ import annotations

import asyncio
import hmac
from typing import Any, Literal

from pydantic import BaseModel
from quart import Blueprint, Response, request
from quart_schema import security_scheme, tag_blueprint, validate_response

from castcore_core import __version__
from castcore_core.api.gate import current_actor
from castcore_core.api.live import Message, Outbox, send_live
from castcore_core.api.rule import current_core
from castcore_core.error import UnauthenticatedError
from castcore_core.monitoring.health import Health
from castcore_core.monitoring.prometheus import render
from castcore_core.monitoring.sample import Figures, Sampler
from castcore_sdk.errors import NotFoundError

blueprint = Blueprint("monitoring", __name__)
root = Blueprint("monitoring_root", __name__)
tag_blueprint(blueprint, ["monitoring"])
tag_blueprint(root, ["monitoring"])

_PERIOD_S = 2.0


class CheckAnswer(BaseModel):
    """One check of the server's health."""

    name: str
    status: Literal["ok", "failed"]
    code: str
    params: dict[str, Any]


class HealthAnswer(BaseModel):
    """How the server is; ``checks`` only for those who have signed in."""

    status: Literal["ok", "degraded", "stopping"]
    version: str
    checks: list[CheckAnswer] | None = None


@blueprint.get("/system/health")
@validate_response(HealthAnswer)
@security_scheme([])
async def health() -> HealthAnswer:
    """Tell whether the server is well; open to everybody, with details for users."""
    core = current_core()
    findings = await core.get(Health).examine()
    status: Literal["ok", "degraded", "stopping"] = "ok"
    if core.stopping.is_set():
        status = "stopping"
    elif any(finding.status == "failed" for finding in findings):
        status = "degraded"
    checks = None
    if current_actor() is not None:
        checks = [CheckAnswer(name=f.name, status=f.status, code=f.code, params=f.params) for f in findings]
    return HealthAnswer(status=status, version=__version__, checks=checks)


@blueprint.get("/system/metrics")
@validate_response(Figures)
async def metrics() -> Figures:
    """Return the figures of machine and server, at most a second old."""
    return await current_core().get(Sampler).figures()


@blueprint.websocket("/ws/system")
async def live_figures() -> None:
    """Send the figures every two seconds."""
    core, outbox = current_core(), Outbox()

    async def measure() -> None:
        outbox.put(Message("snapshot", (await core.get(Sampler).figures()).model_dump()))
        while True:
            await asyncio.sleep(_PERIOD_S)
            outbox.put(Message("figures", (await core.get(Sampler).figures()).model_dump()), "figures")

    async with asyncio.TaskGroup() as group:
        measuring = group.create_task(measure())
        await send_live(core, outbox)
        measuring.cancel()


@root.get("/metrics")
@security_scheme([])
async def prometheus() -> Response:
    """Return all figures for Prometheus; off, open, or guarded by its own token, as the admin has configured."""
    core = current_core()
    configuration = core.configuration
    if configuration.metrics == "off":
        raise NotFoundError("request.not_found")
    if configuration.metrics == "token":
        expected = configuration.metrics_token.get_secret_value() if configuration.metrics_token else ""
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise UnauthenticatedError("auth.required")
    return Response(await render(core), content_type="text/plain; version=0.0.4; charset=utf-8")
