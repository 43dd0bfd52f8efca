"""Plugins over HTTP."""

from __future__ import annotations

from quart import Blueprint
from quart_schema import tag_blueprint, validate_querystring, validate_request, validate_response

from castcore_core.api.rule import current_core
from castcore_core.destinations.schemas import DeletionQuery as ForceQuery
from castcore_core.plugins.follower import Follower
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.installation import Installation, Installations
from castcore_core.plugins.offer import BUILTIN
from castcore_core.plugins.schemas import (
    ChangeAnswer,
    ExtensionSchema,
    InstallationAnswer,
    InstallRequest,
    OfferAnswer,
    PluginAnswer,
    PluginList,
    ReasonAnswer,
    RescanAnswer,
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
    """Switch a plugin off; with `force` also where jobs on air use it."""
    return _answer(await current_core().get(Plugins).disable(plugin, force=query_args.force))


@blueprint.post("/plugins/install")
@validate_request(InstallRequest)
@validate_response(InstallationAnswer, 202)
async def install_plugin(data: InstallRequest) -> tuple[InstallationAnswer, int]:
    """Begin to install a plugin, where the setting `plugin_install` allows it."""
    return _installation(await current_core().get(Installations).start("install", data.requirement)), 202


@blueprint.post("/plugins/<plugin>/upgrade")
@validate_response(InstallationAnswer, 202)
async def upgrade_plugin(plugin: str) -> tuple[InstallationAnswer, int]:
    """Begin to upgrade a plugin; the server has to be restarted for the new version, streams go on meanwhile."""
    return _installation(await current_core().get(Installations).upgrade(plugin)), 202


@blueprint.post("/plugins/<plugin>/uninstall")
@validate_querystring(ForceQuery)
@validate_response(InstallationAnswer, 202)
async def uninstall_plugin(plugin: str, query_args: ForceQuery) -> tuple[InstallationAnswer, int]:
    """Begin to remove a plugin; its data and configurations stay. With `force` also while jobs on air use it."""
    await current_core().get(Plugins).require_unused(plugin, force=query_args.force)
    return _installation(await current_core().get(Installations).start("uninstall", plugin)), 202


@blueprint.get("/plugins/installation")
@validate_response(InstallationAnswer)
async def get_installation() -> InstallationAnswer:
    """Return the change of plugins that is under way, or the last one since the start."""
    return _installation(current_core().get(Installations).last)


@blueprint.post("/plugins/rescan")
@validate_response(RescanAnswer)
async def rescan_plugins() -> RescanAnswer:
    """Look now for what was installed, removed or switched by others; it happens by itself within seconds too."""
    return RescanAnswer(changed=list(await current_core().get(Follower).follow()))


def _installation(found: Installation) -> InstallationAnswer:
    outcome = found.outcome
    return InstallationAnswer(
        id=found.id,
        action=found.action,
        requirement=found.requirement,
        state=found.state,
        step=found.step,
        started_at=found.started_at,
        ended_at=found.ended_at,
        changes=[ChangeAnswer.model_validate(each.to_json()) for each in outcome.plan.changes] if outcome else [],
        plugins=list(outcome.plugins) if outcome else [],
        stays=list(outcome.stays) if outcome else [],
        restart=bool(outcome and outcome.plan.upgrades),
        error=_reason(found.error),
    )


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
