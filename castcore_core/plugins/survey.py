"""Judge all installed plugins without importing one: what loading would come to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import castcore_core
import castcore_sdk
from castcore_core.plugins.discovery import Manifest, discover
from castcore_core.plugins.offer import BUILTIN, Offer
from castcore_core.plugins.registry import Claims
from castcore_core.plugins.standing import Standing
from castcore_core.plugins.state import PluginState, Reason, Refusal
from castcore_core.plugins.trial import Trial, Trials
from castcore_sdk import NotFoundError

BUILTIN_MODULE = "castcore_core.builtin.plugin"


@dataclass(frozen=True, slots=True)
class PluginRecord:
    """One plugin and its state; ``reason`` is None only for `PluginState.LOADED`.

    ``pending`` says why a restart of the server is due although the plugin works.
    """

    manifest: Manifest
    state: PluginState
    reason: Reason | None = None
    offers: tuple[Offer, ...] = ()
    pending: Reason | None = None

    @property
    def id(self) -> str:
        """Return the plugin id."""
        return self.manifest.id

    def refused(self, refusal: Refusal) -> PluginRecord:
        """Return the record in the state that ``refusal`` puts it into."""
        return replace(self, state=refusal.state, reason=refusal.reason)


def find(standing: Standing, path: Sequence[str] | None) -> tuple[Manifest, ...]:
    """Return the installed plugins in the order in which they are loaded: old acquaintances first, then by id."""
    manifests = discover(installed_sdk=castcore_sdk.__version__, path=path, owners=standing.owners)
    order = {plugin: place for place, plugin in enumerate(standing.owners)}
    return tuple(sorted(manifests, key=lambda manifest: (order.get(manifest.id, len(order)), manifest.id)))


def builtin_record(module: str) -> PluginRecord:
    """Return the record of the core's own plugins before they are loaded."""
    version = castcore_core.__version__
    manifest = Manifest(id=BUILTIN, module=module, distribution="castcore", version=version)
    return PluginRecord(manifest, PluginState.LOADED)


def find_record(records: Sequence[PluginRecord], plugin: str) -> PluginRecord:
    """Return the record of ``plugin``. Raises NotFoundError ``plugins.unknown``."""
    for record in records:
        if record.id == plugin:
            return record
    raise NotFoundError("plugins.unknown", params={"plugin": plugin[:80]})


def trials(cache: Path, path: Sequence[str] | None, limit: float) -> Trials:
    """Return the trials of this SDK."""
    there = None if path is None else tuple(path)
    return Trials(cache=cache / "plugins", installed_sdk=castcore_sdk.__version__, path=there, limit=limit)


def survey(
    manifests: Iterable[Manifest], standing: Standing, trials: Trials, claims: Claims, *, safe: Reason | None = None
) -> tuple[PluginRecord, ...]:
    """Return a record for each plugin, in order; those that are LOADED may be imported now.

    ``claims`` holds what is taken already; ``safe`` is why everything is left out.
    """
    manifests = tuple(manifests)
    settled = {id(manifest): _settled(manifest, standing, safe) for manifest in manifests}
    tried = trials.run(manifest for manifest in manifests if settled[id(manifest)] is None)
    records = []
    for manifest in manifests:
        record = PluginRecord(manifest, PluginState.LOADED)
        refusal = settled[id(manifest)]
        if refusal is None:
            trial = tried[manifest.id]
            record = replace(record, offers=trial.offers)
            refusal = _verdict(record, trial, claims)
        records.append(record if refusal is None else record.refused(refusal))
    return tuple(records)


def _settled(manifest: Manifest, standing: Standing, safe: Reason | None) -> Refusal | None:
    """Return why the plugin is not even tried."""
    if manifest.refusal:
        return manifest.refusal
    if manifest.id in standing.disabled:
        return Refusal(PluginState.DISABLED, Reason("plugins.disabled"))
    if reason := standing.quarantined.get(manifest.id):
        return Refusal(PluginState.QUARANTINED, reason)
    return Refusal(PluginState.LEFT_OUT, safe) if safe else None


def _verdict(record: PluginRecord, trial: Trial, claims: Claims) -> Refusal | None:
    if trial.faults:
        return Refusal(PluginState.FAILED, trial.faults[0])
    if conflict := claims.conflict(record.id, trial.offers):
        return Refusal(PluginState.FAILED, conflict)
    claims.take(record.id, trial.offers)
    return None
