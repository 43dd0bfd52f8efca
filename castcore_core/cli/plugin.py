"""``castcore plugin``: which plugins there are, and why one is not loaded."""

from __future__ import annotations

import json
from dataclasses import asdict

from rich.markup import escape
from rich.table import Table

from castcore_core.cli.message import fail, language, output, print_checks, say, text_of, use_texts
from castcore_core.cli.place import cache_folder, data_folder
from castcore_core.cli.status import ExitStatus
from castcore_core.plugins.report import PluginReport
from castcore_core.plugins.state import PluginState, Reason
from castcore_core.plugins.survey import PluginRecord
from castcore_sdk import CastCoreError, Severity

_COLOURS = {PluginState.LOADED: "green", PluginState.DISABLED: "dim", PluginState.LEFT_OUT: "dim"}


def show_list(*, as_json: bool) -> None:
    """Print all plugins; ends with status 0 also where one is not loaded."""
    records = _report(as_json=as_json).list()
    if as_json:
        print(json.dumps({"plugins": [_plain(one) for one in records]}))  # noqa: T201
        return
    table = Table(box=None, pad_edge=False)
    for column in ("plugin", "version", "state", "offers"):
        table.add_column(say(f"column_{column}"))
    for one in records:
        colour = _COLOURS.get(one.state, "red")
        offers = ", ".join(offer.id for offer in one.offers)
        reason = f"\n[{colour}]{escape(_reason(one.reason))}[/]" if one.reason else ""
        table.add_row(one.id, one.manifest.version, f"[{colour}]{_state(one)}[/]", escape(offers) + reason)
    output().print(table)


def show_info(plugin: str, *, as_json: bool) -> None:
    """Print what is known about one plugin."""
    try:
        info = _report(as_json=as_json).info(plugin)
    except CastCoreError as error:
        fail(error.code, error.params, status=ExitStatus.INPUT, json_output=as_json)
    record = info.record
    facts = {
        "state": _state(record) + (f": {_reason(record.reason)}" if record.reason else ""),
        "distribution": f"{record.manifest.distribution} {record.manifest.version}",
        "licence": info.licence,
        "author": info.author,
        "homepage": info.homepage,
        "requires": ", ".join(info.requires),
        "languages": ", ".join(info.languages),
        "offers": ", ".join(f"{offer.kind.value} {offer.id}" for offer in record.offers),
    }
    if as_json:
        print(json.dumps({**_plain(record), **{name: facts[name] for name in ("licence", "author", "homepage")}}))  # noqa: T201
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, fact in facts.items():
        if fact:
            table.add_row(f"[dim]{say(f'column_{name}')}[/dim]", escape(fact))
    output().print(f"[bold]{escape(record.id)}[/bold]")
    output().print(table)


def show_check(plugin: str, *, tests: bool, as_json: bool) -> None:
    """Print one line per check; ends with status 3 where one failed."""
    try:
        lines = _report(as_json=as_json).check(plugin, tests=tests)
    except CastCoreError as error:
        fail(error.code, error.params, status=ExitStatus.INPUT, json_output=as_json)
    if as_json:
        print(json.dumps({"checks": [asdict(one) for one in lines]}))  # noqa: T201
    else:
        print_checks(lines)
    if any(one.severity is Severity.ERROR for one in lines):
        raise SystemExit(ExitStatus.INPUT)


def _report(*, as_json: bool) -> PluginReport:
    try:
        report = PluginReport(data=data_folder(), cache=cache_folder())
    except CastCoreError as error:
        fail(error.code, error.params, status=ExitStatus.SYSTEM, json_output=as_json)
    use_texts(report.texts(language()))
    return report


def _state(record: PluginRecord) -> str:
    return say(f"plugin_{record.state.value}")


def _reason(reason: Reason) -> str:
    return f"{text_of(reason.code, reason.params).message} ({reason.code})"


def _plain(record: PluginRecord) -> dict[str, object]:
    reason = record.reason
    return {
        "id": record.id,
        "version": record.manifest.version,
        "distribution": record.manifest.distribution,
        "state": record.state.value,
        "reason": {"code": reason.code, "params": dict(reason.params)} if reason else None,
        "offers": [{"kind": offer.kind.value, "id": offer.id} for offer in record.offers],
    }
