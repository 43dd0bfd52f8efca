"""``castcore plugin install|upgrade|uninstall|enable|disable``: a report before, a report after."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from castcore_core.cli.message import console, fail, output, say, show_problem, write
from castcore_core.cli.status import ExitStatus

if TYPE_CHECKING:
    from castcore_core.plugins.installer import Installer, Outcome, Plan
    from castcore_sdk import CastCoreError

Json = Annotated[bool, typer.Option("--json", help=say("help_json"))]
Yes = Annotated[bool, typer.Option("--yes", "-y", help=say("help_yes"))]
Requirements = Annotated[list[str], typer.Argument(metavar="NAME...", help=say("help_plugin_requirement"))]
AllowSource = Annotated[bool, typer.Option("--allow-source", help=say("help_plugin_allow_source"))]
Names = Annotated[list[str], typer.Argument(metavar="NAME...", help=say("help_plugin_ids"))]
Plugin = Annotated[str, typer.Argument(metavar="NAME", help=say("help_plugin_ids"))]


def register(plugins: typer.Typer) -> None:
    """Add the commands to ``plugins``."""
    for command in (install, upgrade, uninstall, enable, disable):
        plugins.command(command.__name__, help=say(f"help_plugin_{command.__name__}"))(command)


def install(
    names: Requirements, yes: Yes = False, allow_source: AllowSource = False, json_output: Json = False
) -> None:
    """Install plugins."""
    _bring(names, upgrade=False, build=allow_source, yes=yes, as_json=json_output)


def upgrade(
    names: Requirements, yes: Yes = False, allow_source: AllowSource = False, json_output: Json = False
) -> None:
    """Upgrade plugins."""
    _bring(names, upgrade=True, build=allow_source, yes=yes, as_json=json_output)


def uninstall(names: Names, yes: Yes = False, json_output: Json = False) -> None:
    """Remove plugins."""
    from castcore_sdk import CastCoreError

    try:
        installer = _installer(as_json=json_output)
        _confirm(installer.plan_removal(names), yes=yes, as_json=json_output)
        outcome = installer.uninstall(names)
    except CastCoreError as error:
        _fail(error, as_json=json_output)
    _report(outcome, "plugin_removed", as_json=json_output)
    if not json_output:
        rest = "".join(f", {each}" for each in outcome.stays)
        write(say("plugin_stays", rest=rest), output())


def enable(plugin: Plugin, json_output: Json = False) -> None:
    """Switch a plugin on."""
    _switch(plugin, enabled=True, as_json=json_output)


def disable(plugin: Plugin, json_output: Json = False) -> None:
    """Switch a plugin off."""
    _switch(plugin, enabled=False, as_json=json_output)


def _bring(names: list[str], *, upgrade: bool, build: bool, yes: bool, as_json: bool) -> None:
    from castcore_core.plugins.installer import Wanted
    from castcore_sdk import CastCoreError

    try:
        wanted = [Wanted.parse(name, local=True) for name in names]
        installer = _installer(as_json=as_json)
        if not _confirm(installer.plan(wanted, upgrade=upgrade, build=build), yes=yes, as_json=as_json):
            return
        outcome = installer.install(wanted, upgrade=upgrade, build=build)
    except CastCoreError as error:
        _fail(error, as_json=as_json)
    _report(outcome, "plugin_upgraded" if outcome.plan.upgrades else "plugin_installed", as_json=as_json)


def _switch(plugin: str, *, enabled: bool, as_json: bool) -> None:
    """Remember it; a running server follows by itself."""
    from castcore_core.cli.place import cache_folder, data_folder
    from castcore_core.plugins.report import PluginReport
    from castcore_core.plugins.standing import StandingFile, change_standing
    from castcore_core.plugins.survey import find_record
    from castcore_sdk import CastCoreError

    try:
        report = PluginReport(data=data_folder(), cache=cache_folder())
        find_record(report.list(), plugin)
        change_standing(StandingFile(data_folder() / "plugins"), plugin, enabled=enabled)
        record = find_record(report.list(), plugin)
    except CastCoreError as error:
        _fail(error, as_json=as_json)
    if as_json:
        print(json.dumps({"plugin": plugin, "state": record.state.value}))  # noqa: T201
    else:
        write(say("plugin_switched", plugin=plugin, state=say(f"plugin_{record.state.value}")), output())


def _installer(*, as_json: bool) -> Installer:
    from castcore_core.cli.place import cache_folder, data_folder
    from castcore_core.plugins.installer import Installer

    told = ""

    def tell(step: str) -> None:
        nonlocal told
        if step != told:  # it looks again once it is confirmed, which nobody needs to read
            write(f"[dim]{say(f'plugin_step_{step}')}[/dim]", console())
        told = step

    silent: Callable[[str], None] = lambda step: None  # noqa: E731
    return Installer(data_folder(), cache_folder(), tell=silent if as_json else tell)


def _confirm(plan: Plan, *, yes: bool, as_json: bool) -> bool:
    """Show what would change and ask; return False where there is nothing to do."""
    if as_json:
        if not plan.changes:
            print(json.dumps({"changes": [], "plugins": [], "restart": False}))  # noqa: T201
        elif not yes:
            fail("plugins.install_unconfirmed", status=ExitStatus.USAGE, json_output=True)
        return bool(plan.changes)
    for change in plan.changes:
        kind = "replace" if change.before and change.after else "add" if change.after else "remove"
        line = say(f"plugin_change_{kind}", name=change.name, before=change.before, after=change.after)
        output().print(f"  {line}", markup=False, soft_wrap=True)
    if not plan.changes:
        write(say("plugin_nothing"), output())
        return False
    if not yes and not (sys.stdin.isatty() and typer.confirm(say("plugin_confirm"), default=True)):
        fail("plugins.install_unconfirmed", status=ExitStatus.USAGE)
    return True


def _report(outcome: Outcome, text: str, *, as_json: bool) -> None:
    if as_json:
        print(  # noqa: T201
            json.dumps(
                {
                    "changes": [change.to_json() for change in outcome.plan.changes],
                    "plugins": list(outcome.plugins),
                    "restart": bool(outcome.plan.upgrades),
                    "stays": list(outcome.stays),
                    "idle": list(outcome.idle),
                }
            )
        )
        return
    for plugin in outcome.plugins:
        write(say(text, plugin=plugin), output())
    for plugin in outcome.idle:
        show_problem("plugins.offers_none", {"plugin": plugin}, level="warning")


def _fail(error: CastCoreError, *, as_json: bool) -> NoReturn:
    status = ExitStatus.SYSTEM if error.code in _MACHINE else ExitStatus.INPUT
    fail(error.code, error.params, status=status, json_output=as_json)


_MACHINE = frozenset(
    {"plugins.not_in_venv", "plugins.install_readonly", "plugins.pip_missing", "plugins.install_unkept"}
)
"""What this machine lacks."""
