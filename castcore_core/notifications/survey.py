"""What others tell in their own words, or not at all: accounts, storages, the disk, how the plugins are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tortoise.exceptions import BaseORMException

from castcore_core.core import Core
from castcore_core.monitoring.sample import Sampler
from castcore_core.notifications.event import EVENTS, Happening, Reason
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.state import PluginState
from castcore_core.plugins.survey import PluginRecord
from castcore_core.storage.models import StorageSource
from castcore_sdk import Params

_LOW = (2 << 30, 0.05)
_FULL = (256 << 20, 0.01)
"""Free bytes, and their share of the disk: below both it is low, or full."""

_PLUGINS = {
    PluginState.QUARANTINED: "plugin.quarantined",
    PluginState.FAILED: "plugin.failed",
    PluginState.LOADED: "plugin.working",
}


_STORAGES = {"failing": "storage.failing", "mounted": "storage.back"}
_ACCOUNTS = {"reauthentication": "platform.reauthentication", "connected": "platform.connected"}


def account(said: Mapping[str, Any]) -> Happening | None:
    """Return what the state of a platform's account, as it is told on the bus, means to people."""
    event = _ACCOUNTS.get(said["state"])
    if event is None:
        return None
    reason = Reason(code=said["code"], params=said["params"] or {}) if said["code"] else None
    params: Params = {"platform": said["type"], "account": said["name"]}
    return Happening(kind=EVENTS[event], subject=said["account"], params=params, reason=reason)


async def source_name(source_id: str) -> str:
    """Return the name of a storage source, its id where the database cannot tell."""
    try:
        found = await StorageSource.filter(id=source_id).values_list("name", flat=True)
    except (BaseORMException, OSError):
        return source_id
    return str(found[0]) if found else source_id


def storage(said: Mapping[str, Any], name: str) -> Happening | None:
    """Return what the state of a storage source, as it is told on the bus, means to people."""
    event = _STORAGES.get(said["state"])
    if event is None:
        return None
    reason = Reason(code=said["code"], params=said.get("params") or {}) if said["code"] else None
    return Happening(kind=EVENTS[event], subject=said["source"], params={"source": name}, reason=reason)


async def disk(core: Core) -> list[Happening]:
    """Return how much room the data folder has, as an event."""
    figures = await core.get(Sampler).figures()
    share = figures.disk_free / max(1, figures.disk_total)
    params: Params = {"folder": str(core.folder.root), "free": f"{figures.disk_free / (1 << 30):.1f} GiB"}

    def below(limits: tuple[int, float]) -> bool:
        return figures.disk_free < limits[0] and share < limits[1]

    event = "disk.full" if below(_FULL) else "disk.low" if below(_LOW) else "disk.enough"
    return [Happening(kind=EVENTS[event], subject="data", params=params)]


def plugins(host: PluginHost) -> Iterator[Happening]:
    """Yield what is to be said of each plugin, and of the safe mode."""
    for record in host.records:
        if event := _PLUGINS.get(record.state):
            reason = Reason(code=record.reason.code, params=record.reason.params) if record.reason else None
            yield Happening(kind=EVENTS[event], subject=_subject(record), params={"plugin": record.id}, reason=reason)
    mode, why = host.safe_mode, None
    if mode is not None:
        why = Reason(code=mode.code, params=mode.params)
    yield Happening(kind=EVENTS["server.safe_mode" if mode else "server.normal_mode"], subject="server", reason=why)


def unused(host: PluginHost) -> Iterator[str]:
    """Yield the subjects of plugins that nobody wants to use any more: their incidents are over without a word."""
    for record in host.records:
        if record.state is PluginState.DISABLED:
            yield _subject(record)


def _subject(record: PluginRecord) -> str:
    return f"plugin:{record.id}"
