"""The plugin host: finds, loads and holds the plugins of this process."""

from __future__ import annotations

import asyncio
import atexit
import importlib
import logging
import math
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pluggy import PluginManager

from castcore_core.plugins.breadcrumb import Breadcrumb, Trail
from castcore_core.plugins.context import Connect, Emit, HostContext
from castcore_core.plugins.contract import Inspection
from castcore_core.plugins.crash import CRASHES, WINDOW, account
from castcore_core.plugins.discovery import Manifest, Stamp
from castcore_core.plugins.footprint import Footprint, footprint
from castcore_core.plugins.guard import Guard
from castcore_core.plugins.instance import Instance
from castcore_core.plugins.lane import GuardLimits
from castcore_core.plugins.loading import load_module
from castcore_core.plugins.offer import BUILTIN
from castcore_core.plugins.package import Packages
from castcore_core.plugins.registry import Claims, Registered, Registry
from castcore_core.plugins.secret import secrets_in, secrets_of, secrets_of_url
from castcore_core.plugins.standing import Standing, StandingFile, change_standing
from castcore_core.plugins.state import LoadError, PluginState, Reason, Refusal
from castcore_core.plugins.survey import BUILTIN_MODULE, PluginRecord, builtin_record, find, find_record, survey, trials
from castcore_core.plugins.watchdog import Blockage, Watchdog
from castcore_sdk import (
    CastCoreError,
    Destination,
    Event,
    Extension,
    ExtensionConfig,
    parse_config,
)

E = TypeVar("E", bound="Extension[Any]")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """How the host behaves; times in seconds.

    ``trial`` limits the import of a plugin in a process of its own, ``blocked`` is how long the event loop may stand
    still, ``stuck`` how long before ``on_stuck`` is called, ``early`` the age up to which a killed process counts as
    crashed (0 for commands that run once). ``watch`` puts breadcrumbs on disk and aims `faulthandler` at a file beside
    them.
    """

    guard: GuardLimits = field(default_factory=GuardLimits)
    trial: float = 10.0
    blocked: float = 1.0
    early: float = 60.0
    stuck: float = math.inf
    watch: bool = True


class PluginHost:
    """All plugins of a process: `load`, then `start` in the event loop, `aclose` at the end.

    ``data`` keeps what plugins and the host remember, ``cache`` the trials. ``path`` is searched for plugins instead
    of ``sys.path``, on which it must be too. ``safe`` leaves out everything but the module ``builtin``.
    """

    def __init__(
        self,
        data: Path,
        cache: Path,
        *,
        builtin: str = BUILTIN_MODULE,
        path: Sequence[str] | None = None,
        safe: bool = False,
        settings: HostSettings | None = None,
        emit: Emit | None = None,
        on_blockage: Callable[[Blockage], None] = lambda blockage: None,
        on_stuck: Callable[[Breadcrumb | None], None] = lambda crumb: None,
    ) -> None:
        self.registry = Registry()
        self.packages = Packages(path)
        self.settings = settings or HostSettings()
        self.safe_mode: Reason | None = Reason("plugins.safe_mode_asked") if safe else None
        self._folder = data / "plugins"
        self._memory = StandingFile(self._folder)
        self._trials = trials(cache, path, self.settings.trial)
        self._builtin = builtin
        self._path = path
        self._emit = emit or _discard
        self._on_blockage = on_blockage
        self._on_stuck = on_stuck
        self._records: list[PluginRecord] = []
        self._hooks: dict[str, PluginManager] = {}
        self._contexts: dict[str, HostContext] = {}
        self._watchdog: Watchdog | None = None
        self._changing = asyncio.Lock()
        self._imported: dict[str, Stamp] = {}
        """The code of each plugin that this process has imported, still loaded or not."""
        self.guard = Guard(Trail(), self.settings.guard)

    @property
    def records(self) -> tuple[PluginRecord, ...]:
        """Return all plugins with their states, the builtin first."""
        return tuple(self._records)

    @property
    def blockages(self) -> tuple[Blockage, ...]:
        """Return the latest times in which the event loop stood still."""
        return tuple(self._watchdog.blockages) if self._watchdog else ()

    def load(self) -> None:
        """Settle earlier crashes, then load everything that may be loaded. Call it once, in the main thread.

        No plugin can make this raise; a data folder that cannot be written costs the memory of crashes and is logged.
        """
        standing = self._memory.read()
        manifests = find(standing, self._path)
        self.packages.take(manifests)
        if self._settle_crashes():
            minutes, reason = int(WINDOW // 60), "plugins.safe_mode_crashes"
            self.safe_mode = self.safe_mode or Reason(reason, {"crashes": CRASHES, "minutes": minutes})
        standing = self._memory.read()
        self._records = [self._load(builtin_record(self._builtin))]
        claims = Claims()
        claims.take(BUILTIN, self._records[0].offers)
        for record in survey(manifests, standing, self._trials, claims, safe=self.safe_mode):
            self._records.append(self._load(record))
        self._remember_owners(standing)

    async def start(self, *, tell: bool = True) -> None:
        """Watch the event loop and tell the loaded plugins that they are enabled.

        A command that uses few of them passes ``tell=False`` and calls `greet` for those.
        """
        loop = asyncio.get_running_loop()
        self._watchdog = Watchdog(
            loop,
            self.guard.trail,
            limit=self.settings.blocked,
            owner=self.packages.owner,
            report=self._on_blockage,
            stuck_after=self.settings.stuck,
            on_stuck=self._on_stuck,
        )
        self._watchdog.start()
        if tell:
            await asyncio.gather(*(self.greet(plugin) for plugin in self._hooks))

    async def greet(self, plugin: str) -> None:
        """Tell a loaded plugin, once in its life, that it is enabled."""
        if plugin not in self._contexts:
            await self._tell(plugin, "castcore_plugin_enabled")

    def listeners(self) -> frozenset[str]:
        """Return the loaded plugins that want to hear of events."""
        return frozenset(plugin for plugin, hooks in self._hooks.items() if hooks.hook.castcore_event.get_hookimpls())

    async def hear(self, plugin: str, event: Event) -> None:
        """Let a plugin hear of an event; its failure is its own."""
        if plugin in self._hooks:
            await self._tell(plugin, "castcore_event", event=event)

    async def aclose(self) -> None:
        """Close contexts, end what plugins left running, note the good end. May be called twice."""
        for context in self._contexts.values():
            await context.aclose()
        self._contexts.clear()
        await self.guard.aclose()
        if self._watchdog:
            await asyncio.to_thread(self._watchdog.stop)
        self.guard.trail.finish()

    def record(self, plugin: str) -> PluginRecord:
        """Return the record of ``plugin``. Raises NotFoundError ``plugins.unknown``."""
        return find_record(self._records, plugin)

    async def disable(self, plugin: str) -> PluginRecord:
        """Switch ``plugin`` off, now and for later starts; its configured instances are the caller's to close.

        Raises ConfigurationError ``plugins.builtin_fixed`` for the core's own.
        """
        async with self._changing:
            record = self.record(plugin)
            change_standing(self._memory, plugin, enabled=False)
            return await self._switch_off(record)

    async def enable(self, plugin: str) -> PluginRecord:
        """Switch ``plugin`` on, out of quarantine too, and load it now; the record says what came of it."""
        async with self._changing:
            record = self.record(plugin)
            standing = change_standing(self._memory, plugin, enabled=True)
            return record if record.state is PluginState.LOADED else await self._switch_on(record, standing)

    async def follow(self) -> tuple[str, ...]:
        """Take over what was installed, removed or switched by others; return the ids of the plugins that changed.

        New plugins are loaded. An upgraded one goes on with its old code, and its record says that a restart is due.
        """
        async with self._changing:
            importlib.invalidate_caches()
            standing = await asyncio.to_thread(self._memory.read)
            manifests = await asyncio.to_thread(find, standing, self._path)
            changed = [plugin async for plugin in self._reconciled(manifests, standing)]
            self.packages.take(manifests)
            if changed:
                self._remember_owners(standing)
        return tuple(changed)

    @property
    def revision(self) -> int:
        """Return the number of the last change to what is remembered about plugins; reads a file."""
        return self._memory.read().revision

    @property
    def installed(self) -> Footprint:
        """Return what tells that something was installed or removed; lists folders."""
        return footprint(self._path)

    async def _reconciled(self, manifests: Sequence[Manifest], standing: Standing) -> AsyncIterator[str]:
        there = {manifest.id: manifest for manifest in manifests}
        for record in list(self._records[1:]):
            if record.id not in there:
                await self._switch_off(record)
                self._records.remove(self.record(record.id))
                yield record.id
        known = {record.id: record for record in self._records}
        for manifest in manifests:
            before = known.get(manifest.id)
            if before is None:
                before = PluginRecord(manifest, PluginState.DISABLED)
                self._records.append(before)
                await self._switch_on(before, standing)
            elif not await self._followed(before, manifest, standing):
                continue
            yield manifest.id

    async def _followed(self, before: PluginRecord, manifest: Manifest, standing: Standing) -> bool:
        """Bring one known plugin to what is there now; say whether anything changed."""
        if before.state is PluginState.LOADED:
            if manifest.id in standing.disabled:
                await self._switch_off(before)
                return True
            due = _restart(self._imported[manifest.id], manifest)
            self._put(replace(before, pending=due))
            return due != before.pending
        same = before.manifest.stamp == manifest.stamp
        if same and (before.state is not PluginState.DISABLED or manifest.id in standing.disabled):
            return False
        after = await self._switch_on(replace(before, manifest=manifest), standing)
        return after != before

    async def _switch_off(self, record: PluginRecord) -> PluginRecord:
        plugin = record.id
        if record.state is PluginState.LOADED:
            await self._tell(plugin, "castcore_plugin_disabled")
            self.registry.remove(plugin)
            del self._hooks[plugin]
            if context := self._contexts.pop(plugin, None):
                await context.aclose()
        return self._put(replace(record, state=PluginState.DISABLED, reason=Reason("plugins.disabled")))

    async def _switch_on(self, record: PluginRecord, standing: Standing) -> PluginRecord:
        if due := _restart(self._imported.get(record.id), record.manifest):
            return self._put(record.refused(Refusal(PluginState.LEFT_OUT, due)))
        arguments = ([record.manifest], standing, self._trials, Claims())
        (surveyed,) = await asyncio.to_thread(survey, *arguments, safe=self.safe_mode)
        loaded = self._put(self._load(surveyed))
        if loaded.state is PluginState.LOADED:
            await self._tell(loaded.id, "castcore_plugin_enabled")
        return loaded

    def create(
        self,
        registered: Registered[type[E]],
        config: Mapping[str, Any],
        *,
        instance: str | None = None,
        connect: Connect | None = None,
    ) -> Instance[E]:
        """Make an extension from configuration data. Raises ConfigurationError for data that do not fit.

        ``connect`` opens the session that its ``context.oauth()`` returns; None: it has no account.
        """
        kind, plugin = registered.item, registered.plugin
        parsed = self.parse_config(registered, config)
        secrets = tuple(secrets_of(parsed))
        context = self._context(plugin, instance, secrets, connect)
        lane = self.guard.lane(
            plugin, registered.id, parallel=kind.max_parallel, timeouts=kind.timeouts, secrets=secrets
        )
        return Instance(lane.call_sync(kind, parsed, context), context, lane)

    def parse_config(self, registered: Registered[type[E]], config: Mapping[str, Any]) -> ExtensionConfig:
        """Return configuration data as the extension reads them. Raises ConfigurationError without any value."""
        model = registered.item.config_model
        raw = self.guard.lane(registered.plugin, registered.id).call_sync(secrets_in, model, config)
        return self.guard.lane(registered.plugin, registered.id, secrets=raw).call_sync(parse_config, model, config)

    def migrate_config(
        self, registered: Registered[type[E]], config: Mapping[str, Any], *, from_version: int
    ) -> Mapping[str, Any]:
        """Let an extension bring configuration data of an older version into shape. Raises CastCoreError."""
        kind = registered.item
        raw = self.guard.lane(registered.plugin, registered.id).call_sync(secrets_in, kind.config_model, config)
        lane = self.guard.lane(registered.plugin, registered.id, secrets=raw)
        return lane.call_sync(kind.migrate_config, config, from_version=from_version)

    def config_from_url(self, registered: Registered[type[Destination[Any]]], url: str) -> Mapping[str, Any]:
        """Let a destination turn a URL into configuration data. Raises its ConfigurationError."""
        lane = self.guard.lane(registered.plugin, registered.id, secrets=secrets_of_url(url))
        return lane.call_sync(registered.item.config_from_url, url)

    def texts(self, language: str) -> Mapping[str, Mapping[str, str]]:
        """Return the texts of all installed plugins, for `castcore_core.i18n.translate`."""
        return self.packages.texts(language)

    def context_of(self, plugin: str) -> HostContext:
        """Return the context of a loaded plugin itself, as its hooks get it."""
        if plugin not in self._contexts:
            self._contexts[plugin] = self._context(plugin, None, ())
        return self._contexts[plugin]

    def _load(self, record: PluginRecord) -> PluginRecord:
        if record.state is not PluginState.LOADED:
            return record
        try:
            inspection = load_module(self.guard.trail, record.id, record.manifest.module)
            return self._register(record, inspection)
        except LoadError as error:
            _log.warning("plugin %s: %s %s", record.id, error.reason.code, error.reason.detail)
            return replace(record, state=PluginState.FAILED, reason=error.reason)

    def _register(self, record: PluginRecord, inspection: Inspection) -> PluginRecord:
        if conflict := self.registry.add(record.id, inspection.contributions):
            raise LoadError(conflict)
        self._hooks[record.id] = inspection.hooks
        self._imported[record.id] = record.manifest.stamp
        offers = tuple(contribution.offer for contribution in inspection.contributions)
        return replace(record, state=PluginState.LOADED, reason=None, offers=offers)

    def _put(self, record: PluginRecord) -> PluginRecord:
        place = self._records.index(self.record(record.id))
        self._records[place] = record
        return record

    async def _tell(self, plugin: str, hook: str, **arguments: object) -> None:
        """Call an asynchronous hook of one plugin; its failure is its own."""
        context = self.context_of(plugin)
        caller = getattr(self._hooks[plugin].hook, hook)

        async def call() -> None:
            for answer in caller(context=context, **arguments):
                await answer

        call.__name__ = hook
        if caller.get_hookimpls():
            try:
                await self.guard.lane(plugin, "hooks").call(call)
            except CastCoreError as error:
                _log.warning("plugin %s: %s: %s %s", plugin, hook, error.code, error.detail)

    def _context(
        self, plugin: str, instance: str | None, secrets: Sequence[str], connect: Connect | None = None
    ) -> HostContext:
        folder = self._folder / "data" / plugin
        pool = self.guard.pool(plugin)
        return HostContext(
            plugin, instance, folder=folder, pool=pool, emit=self._emit, secrets=secrets, connect=connect
        )

    def _settle_crashes(self) -> bool:
        """Judge earlier deaths and begin to leave breadcrumbs; say whether safe mode is due."""
        if not self.settings.watch:
            return False
        lives = self._folder / "lives"
        try:
            safe = account(lives, self._memory, owner=self.packages.owner)
            self.guard.trail = Trail(lives, early=self.settings.early)
            atexit.register(self.guard.trail.finish)
        except OSError as error:
            _log.warning("crashes cannot be accounted for: %s", error)
            return False
        return safe

    def _remember_owners(self, standing: Standing) -> None:
        fresh = {
            record.id: record.manifest.distribution
            for record in self._records[1:]
            if record.state is PluginState.LOADED
        }
        if fresh.items() <= standing.owners.items():
            return
        try:
            self._memory.change(lambda now: now.owners.update(fresh))
        except OSError as error:
            _log.warning("the order of plugins cannot be remembered: %s", error)


def _restart(imported: Stamp | None, manifest: Manifest) -> Reason | None:
    """Return why a restart is due: code that was imported once cannot be replaced in a running process."""
    if imported is None or imported == manifest.stamp:
        return None
    return Reason("plugins.restart_required", {"running": imported[1], "installed": manifest.version})


async def _discard(plugin: str, event: Event) -> None:
    _log.debug("plugin %s: event %s goes nowhere", plugin, event.name)
