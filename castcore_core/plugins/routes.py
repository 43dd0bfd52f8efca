"""Plugins over HTTP."""

from __future__ import annotations

from quart import Blueprint
from quart_schema import tag_blueprint, validate_querystring, validate_response

from castcore_core.api.rule import current_core
from castcore_core.destinations.schemas import DeletionQuery as ForceQuery
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.offer import BUILTIN
from castcore_core.plugins.schemas import (
    ExtensionSchema,
    OfferAnswer,
    PluginAnswer,
    PluginList,
    ReasonAnswer,
    SchemaList,
)
from castcore_core.plugins.service import Plugins
from castcore_core.plugins.state import Reason
from castcore_core.plugins.survey import PluginRecord

blueprint = Blueprint("plugins", __name__)
tag_blueprint(blueprint, ["plugins"])


@blueprint.get("/plugins")
@validate_response(PluginList)
async def list_plugins() -> PluginList:
    """List the installed plugins, each with its state and the reason for it."""
    host = current_core().get(PluginHost)
    return PluginList(items=[_answer(each) for each in host.records], safe_mode=_reason(host.safe_mode))


@blueprint.get("/plugins/<plugin>")
@validate_response(PluginAnswer)
async def get_plugin(plugin: str) -> PluginAnswer:
    """Return one plugin."""
    return _answer(current_core().get(PluginHost).record(plugin))


@blueprint.get("/plugins/<plugin>/schema")
@validate_response(SchemaList)
async def get_schemas(plugin: str) -> SchemaList:
    """Return the schema of everything that a loaded plugin lets be configured."""
    found = current_core().get(Plugins).schemas(plugin)
    return SchemaList(items=[ExtensionSchema.model_validate(each) for each in found])


@blueprint.post("/plugins/<plugin>/enable")
@validate_response(PluginAnswer)
async def enable_plugin(plugin: str) -> PluginAnswer:
    """Switch a plugin on, out of quarantine too; the state says what came of it."""
    return _answer(await current_core().get(Plugins).enable(plugin))


@blueprint.post("/plugins/<plugin>/disable")
@validate_querystring(ForceQuery)
@validate_response(PluginAnswer)
async def disable_plugin(plugin: str, query_args: ForceQuery) -> PluginAnswer:
    """Switch a plugin off; with `force` also where jobs on air send to its destinations."""
    return _answer(await current_core().get(Plugins).disable(plugin, force=query_args.force))


def _answer(record: PluginRecord) -> PluginAnswer:
    return PluginAnswer(
        id=record.id,
        distribution=record.manifest.distribution,
        version=record.manifest.version,
        builtin=record.id == BUILTIN,
        state=record.state.value,
        reason=_reason(record.reason),
        restart=_reason(record.pending),
        offers=[OfferAnswer(kind=each.kind.value, id=each.id) for each in record.offers],
    )


def _reason(reason: Reason | None) -> ReasonAnswer | None:
    return ReasonAnswer(code=reason.code, params=dict(reason.params)) if reason else None
