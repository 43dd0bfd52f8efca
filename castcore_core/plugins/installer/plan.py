"""What an installation would change, judged before it does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

import castcore_sdk
from castcore_core.plugins import compatibility
from castcore_core.plugins.installer.environment import needs
from castcore_core.plugins.installer.requirement import Wanted
from castcore_sdk import CastCoreError, ConfigurationError

_MISSING = re.compile(r"No matching distribution found for (([A-Za-z0-9][A-Za-z0-9._-]*)\S*)")
_PASSED_OVER = re.compile(r"No sources permitted for ([A-Za-z0-9][A-Za-z0-9._-]*): \S*/([^/\s]+)")
"""The name that was looked for, and the file: older pips (23.2) say it of every file in a folder, whatever its name."""


@dataclass(frozen=True, slots=True)
class Change:
    """One distribution; ``before`` and ``after`` are versions, empty where it is not installed."""

    name: str
    before: str
    after: str
    plugin: bool

    def to_json(self) -> dict[str, str | bool]:
        """Return a value that `json` can write."""
        return {"name": self.name, "before": self.before, "after": self.after, "plugin": self.plugin}


@dataclass(frozen=True, slots=True)
class Plan:
    """Every change, plugins first."""

    changes: tuple[Change, ...]

    @property
    def upgrades(self) -> tuple[Change, ...]:
        """Return the plugins that would be replaced: a running server keeps their old code."""
        return tuple(change for change in self.changes if change.plugin and change.before and change.after)


def read_plan(
    report: Path, wanted: Iterable[Wanted], present: Mapping[str, Distribution], pinned: Mapping[str, str]
) -> Plan:
    """Read pip's report and judge it.

    Raises ConfigurationError ``plugins.not_a_plugin``, ``plugins.sdk_incompatible``, ``plugins.python_incompatible``,
    ``plugins.core_dependency`` (pip would change what the core imports) or ``plugins.breaks_other``.
    """
    items = json.loads(report.read_text(encoding="utf-8"))["install"]
    named = {each.name for each in wanted}
    changes: list[Change] = []
    after: dict[str, str] = {}
    for item in items:
        about: dict[str, Any] = item["metadata"]
        name, version = canonicalize_name(about["name"]), str(about["version"])
        after[name] = version
        requires = [str(line) for line in about.get("requires_dist") or ()]
        if name in named:
            _require_plugin(name, requires, str(about.get("requires_python") or ""))
        if pinned.get(name, version) != version:
            raise ConfigurationError(
                "plugins.core_dependency", params={"name": name, "has": pinned[name], "needs": version}
            )
        before = present[name].version if name in present else ""
        changes.append(Change(name, before, version, _is_plugin(requires)))
    _require_peace(present, after)
    return Plan(tuple(sorted(changes, key=lambda change: (not change.plugin, change.name))))


def _is_plugin(requires: Iterable[str]) -> bool:
    return compatibility.sdk_range(requires) is not None


def _require_plugin(name: str, requires: list[str], python: str) -> None:
    required = compatibility.sdk_range(requires)
    if required is None:
        raise ConfigurationError("plugins.not_a_plugin", params={"name": name})
    refusal = compatibility.refusal(required, python, installed_sdk=castcore_sdk.__version__)
    if refusal:
        raise ConfigurationError(refusal.reason.code, params=refusal.reason.params)


def _require_peace(present: Mapping[str, Distribution], after: Mapping[str, str]) -> None:
    """Raise where something that stays would no longer have what it needs; pip only warns of it."""
    for name, each in present.items():
        if name in after:
            continue
        for requirement in needs(each):
            needed = canonicalize_name(requirement.name)
            version = after.get(needed)
            if version and not requirement.specifier.contains(version, prereleases=True):
                params = {"other": name, "needs": str(requirement), "name": needed, "gets": version}
                raise ConfigurationError("plugins.breaks_other", params=params)


def explain(output: str, wanted: str, *, log: Path | None = None) -> CastCoreError:
    """Turn what pip printed when it failed, and the ``log`` of what it considered, into a coded error.

    Codes: ``plugins.dependency_conflict``, ``plugins.dependency_missing``, ``plugins.source_only``,
    ``plugins.not_found``, ``plugins.install_failed``.
    """
    lines = [line.strip() for line in output.splitlines()]
    needing = next((line for line in lines if " depends on " in line), "")
    given = next((line for line in lines if line.startswith("The user requested (constraint) ")), "")
    if given:
        plugin, _, need = needing.partition(" depends on ")
        has = given.removeprefix("The user requested (constraint) ")
        params = {"plugin": plugin[:120] or wanted, "needs": need.replace(" and ", ",")[:120] or "?", "has": has[:120]}
        return ConfigurationError("plugins.dependency_conflict", params=params)
    if missing := _MISSING.search(output):
        name = canonicalize_name(missing[2])
        if name in _passed_over(log):
            return ConfigurationError("plugins.source_only", params={"name": name})
        if name not in wanted.split(", "):
            params = {"plugin": wanted, "needs": missing[1][:120]}
            return ConfigurationError("plugins.dependency_missing", params=params)
        return ConfigurationError("plugins.not_found", params={"requirement": missing[1][:120]})
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    reason = (errors or lines or ["?"])[-1][:300]
    return ConfigurationError("plugins.install_failed", params={"requirement": wanted, "reason": reason}, detail=output)


def _passed_over(log: Path | None) -> Set[str]:
    """Return the names of what is there as source and was left out for that."""
    if log is None or not log.is_file():
        return frozenset()
    with log.open(encoding="utf-8", errors="replace") as lines:
        found = [each for line in lines for each in _PASSED_OVER.findall(line)]
    names = [(canonicalize_name(name), canonicalize_name(file)) for name, file in found]
    return {name for name, file in names if file.startswith(f"{name}-")}
