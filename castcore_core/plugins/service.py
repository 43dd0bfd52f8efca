"""Switch plugins on and off while the server runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Set
from typing import Any

from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.engine.models import EngineRun
from castcore_core.error import ConflictError
from castcore_core.plugins.follower import CHANNEL, Follower
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.offer import Kind
from castcore_core.plugins.state import PluginState
from castcore_core.plugins.survey import PluginRecord
from castcore_core.profiles.models import FFmpegProfile
from castcore_core.storage.models import StorageSource
from castcore_core.streams.models import JobOutput, StreamJob
from castcore_sdk import Extension, config_schema

__all__ = ["CHANNEL", "Plugins"]


class Plugins:
    """The installed plugins as an admin sees them."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._host = core.get(PluginHost)

    def schemas(self, plugin: str) -> list[dict[str, Any]]:
        """Return what of a loaded plugin is configured. Raises NotFoundError ``plugins.unknown``."""
        self._host.record(plugin)
        found = []
        for kind in Kind:
            for registered in self._host.registry.of(kind).values():
                if registered.plugin != plugin or not _is_extension(registered.item):
                    continue
                schema = config_schema(registered.item.config_model)
                found.append({"kind": kind.value, "id": registered.id, "config_schema": schema})
        return found

    async def enable(self, plugin: str) -> PluginRecord:
        """Switch a plugin on; its record says what came of it. Raises NotFoundError, ConfigurationError."""
        record = await self._host.enable(plugin)
        failed = record.state is not PluginState.LOADED
        await self._record("plugins.enabled", record, failed=failed)
        return record

    async def disable(self, plugin: str, *, force: bool = False) -> PluginRecord:
        """Switch a plugin off. Streams on air go on; they cannot be started anew without it.

        Raises NotFoundError, ConfigurationError ``plugins.builtin_fixed`` and as `require_unused` does.
        """
        await self.require_unused(plugin, force=force)
        record = await self._host.disable(plugin)
        await self._record("plugins.disabled", record)
        return record

    async def require_unused(self, plugin: str, *, force: bool = False) -> None:
        """Raise ConflictError ``conflict.in_use`` with the names of what needs it, unless ``force``.

        That is: jobs on air that send to its destinations, play its storages or encode with its encoders, and profiles
        that name one of these.
        """
        record = self._host.record(plugin)
        if not force and (names := sorted(await _users(record))):
            raise ConflictError("conflict.in_use", params={"by": ", ".join(names)[:500], "count": len(names)})

    async def _record(self, action: str, record: PluginRecord, *, failed: bool = False) -> None:
        params = {"state": record.state.value}
        target = Target("plugin", record.id, record.id)
        await self._core.get(Audit).record(action, target=target, params=params, outcome="failed" if failed else "done")
        enabled = {"plugins.enabled": True, "plugins.disabled": False}.get(action)
        await self._core.get(Follower).tell(record.id, enabled=enabled)


async def _users(record: PluginRecord) -> set[str]:
    """Return the names of the jobs that need the plugin and are wanted on air, and of the profiles that name it."""

    def offered(kind: Kind) -> list[str]:
        return [offer.id for offer in record.offers if offer.kind is kind]

    outputs = JobOutput.filter(destination__type__in=offered(Kind.DESTINATION), enabled=True)
    found = {row["job__name"] for row in await outputs.exclude(job__desired="stopped").values("job__name")}
    sources = StorageSource.filter(type__in=offered(Kind.STORAGE_BACKEND))
    ids = {str(source_id) for source_id in await sources.values_list("id", flat=True)}
    playing = StreamJob.filter(source_kind__in=("storage", "media_item")).exclude(desired="stopped")
    for row in await playing.values("name", "source", "media__source_id"):
        if ids & {str(row["media__source_id"]), row["source"].get("source_id")}:
            found.add(row["name"])
    if encoders := set(offered(Kind.ENCODER_PROFILE)):
        found |= {name async for name in _encoding(encoders)}
    return found


async def _encoding(encoders: Set[str]) -> AsyncIterator[str]:
    """Yield the names of the profiles that name one of ``encoders``, and of the jobs that encode with one now."""
    for row in await FFmpegProfile.all().values("name", "settings"):
        if row["settings"].get("encoder") in encoders:
            yield row["name"]
    # What a job was begun with may be another encoder than its profile names by now.
    on_air = dict(await StreamJob.exclude(desired="stopped").values_list("id", "name"))
    for run in await EngineRun.filter(job_id__in=list(on_air)).values("job_id", "encoders"):
        if any(use["encoder"] in encoders for use in run["encoders"]):
            yield on_air[run["job_id"]]


def _is_extension(item: object) -> bool:
    return isinstance(item, type) and issubclass(item, Extension)
