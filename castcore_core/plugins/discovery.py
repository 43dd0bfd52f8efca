"""Find installed plugins by their metadata alone; nothing is imported here."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import Distribution, EntryPoint, PackageMetadata, distributions

from packaging.requirements import InvalidRequirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from castcore_core.plugins import compatibility
from castcore_core.plugins.offer import BUILTIN, is_plugin_id
from castcore_core.plugins.state import PluginState, Reason, Refusal

GROUP = "castcore.plugins"
Stamp = tuple[str, str, str]
"""Distribution, version, hash of RECORD."""

_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the metadata of an installed distribution say about one plugin.

    ``record`` is the SHA-256 of RECORD, empty where that file says nothing about the code (editable installs).
    """

    id: str
    module: str
    distribution: str
    version: str
    summary: str = ""
    sdk_range: str = ""
    record: str = ""
    refusal: Refusal | None = None

    @property
    def stamp(self) -> Stamp:
        """Return what tells one installed code of a plugin from another."""
        return self.distribution, self.version, self.record


def discover(
    *, installed_sdk: str, path: Sequence[str] | None = None, owners: dict[str, str] | None = None
) -> tuple[Manifest, ...]:
    """Return the plugins on ``path`` (``sys.path`` where None), ordered by id.

    ``owners`` names the distribution that had an id before: it keeps the id when another one claims it too.
    A plugin that must not be imported carries its refusal.
    """
    found: list[Manifest] = []
    seen: set[str] = set()
    for distribution in distributions() if path is None else distributions(path=list(path)):
        manifests = plugins_of(distribution, installed_sdk=installed_sdk)
        # Only the first distribution of a name on the path can be imported.
        fresh = [manifest for manifest in manifests if canonicalize_name(manifest.distribution) not in seen]
        seen.update(canonicalize_name(manifest.distribution) for manifest in fresh)
        found += fresh
    return _settle(found, owners or {})


def plugins_of(distribution: Distribution, *, installed_sdk: str) -> tuple[Manifest, ...]:
    """Return the plugins of one distribution; where its metadata cannot be read, one that says so."""
    try:
        return tuple(_read(distribution, installed_sdk))
    except Exception as error:
        # Metadata of foreign packages fail in any way they like; a plugin of theirs is named where it can be.
        _log.warning("metadata of a distribution cannot be read: %s: %s", type(error).__name__, error)
        return tuple(_unreadable(distribution, error))


def _read(distribution: Distribution, installed_sdk: str) -> Iterator[Manifest]:
    entries = [entry for entry in distribution.entry_points if entry.group == GROUP]
    if not entries:
        return
    metadata = distribution.metadata
    record = distribution.read_text("RECORD") or ""
    for entry in entries:
        manifest = Manifest(
            id=entry.name,
            module=entry.value,
            distribution=_field(metadata, "Name"),
            version=_field(metadata, "Version"),
            summary=_field(metadata, "Summary")[:200],
            record="" if _editable(distribution) or not record else hashlib.sha256(record.encode()).hexdigest(),
        )
        yield _judge(manifest, entry, distribution, installed_sdk)


def _field(metadata: PackageMetadata, name: str) -> str:
    return str(next(iter(metadata.get_all(name) or ()), ""))


def _editable(distribution: Distribution) -> bool:
    try:
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
        return bool(origin.get("dir_info", {}).get("editable", False))
    except (ValueError, AttributeError):
        return False


def _judge(manifest: Manifest, entry: EntryPoint, distribution: Distribution, installed_sdk: str) -> Manifest:
    """Return the manifest with its SDK range and, where it is to be refused, why."""

    def refused(code: str, detail: str = "", **params: str) -> Manifest:
        return replace(manifest, refusal=Refusal(PluginState.FAILED, Reason(code, params, detail)))

    if not manifest.distribution:
        return refused("plugins.metadata_invalid", field="Name")
    try:
        Version(manifest.version)
    except InvalidVersion as error:
        return refused("plugins.metadata_invalid", str(error), field="Version")
    if not is_plugin_id(entry.name):
        return refused("plugins.id_invalid", id=entry.name[:80])
    if entry.name == BUILTIN:
        return refused("plugins.id_reserved", id=entry.name)
    if not _MODULE.fullmatch(entry.value):
        return refused("plugins.metadata_invalid", entry.value[:200], field=GROUP)
    try:
        required = compatibility.sdk_range(distribution.requires or ())
    except InvalidRequirement as error:
        return refused("plugins.metadata_invalid", str(error), field="Requires-Dist")
    python = _field(distribution.metadata, "Requires-Python")
    verdict = compatibility.refusal(required, python, installed_sdk=installed_sdk)
    return replace(manifest, sdk_range=required or "", refusal=verdict)


def _unreadable(distribution: Distribution, error: Exception) -> Iterator[Manifest]:
    try:
        if GROUP not in (distribution.read_text("entry_points.txt") or ""):
            return
        name = _field(distribution.metadata, "Name")
    except Exception as failure:
        _log.warning("a distribution is skipped: %s: %s", type(failure).__name__, failure)
        return
    reason = Reason("plugins.metadata_invalid", {"field": "entry_points.txt"}, f"{type(error).__name__}: {error}")
    refusal = Refusal(PluginState.FAILED, reason)
    yield Manifest(id=canonicalize_name(name), module="", distribution=name, version="", refusal=refusal)


def _settle(found: list[Manifest], owners: dict[str, str]) -> tuple[Manifest, ...]:
    """Let one distribution have each id: the one that had it before, else the first by name."""
    holders: dict[str, str] = {}

    def rank(manifest: Manifest) -> tuple[str, bool, bool, str]:
        strange = owners.get(manifest.id) != manifest.distribution
        return manifest.id, strange, manifest.refusal is not None, manifest.distribution

    settled = []
    for manifest in sorted(found, key=rank):
        holder = holders.setdefault(manifest.id, manifest.distribution)
        if holder != manifest.distribution:
            reason = Reason("plugins.id_taken", {"id": manifest.id, "owner": holder})
            manifest = replace(manifest, refusal=Refusal(PluginState.FAILED, reason))
        settled.append(manifest)
    return tuple(settled)
