"""Change what is installed: plan, carry out, try, and take back what does not work."""

from __future__ import annotations

import fcntl
import importlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path

from packaging.utils import canonicalize_name

from castcore_core.plugins.discovery import Manifest
from castcore_core.plugins.installer.environment import Environment, installed, needs, pins
from castcore_core.plugins.installer.keeping import Keeping
from castcore_core.plugins.installer.pip import LOG, REPORT, Pip
from castcore_core.plugins.installer.plan import Change, Plan, explain, read_plan
from castcore_core.plugins.installer.requirement import Wanted
from castcore_core.plugins.offer import BUILTIN
from castcore_core.plugins.standing import Standing, StandingFile
from castcore_core.plugins.state import Reason
from castcore_core.plugins.survey import find, trials
from castcore_core.plugins.trial import Trial
from castcore_sdk import CastCoreError, ConfigurationError, NotFoundError, PermanentError, TemporaryError

TRIAL = 10.0
"""Seconds that a plugin may take to be imported."""

Tell = Callable[[str], None]
"""Takes the name of the step that begins: ``plan``, ``keep``, ``install``, ``try``, ``take_back``, ``remove``."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done; ``stays`` are folders and libraries that a removed plugin leaves behind.

    ``idle`` are those of the ``plugins`` that register nothing.
    """

    plan: Plan
    plugins: tuple[str, ...]
    stays: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()


class Installer:
    """Change the plugins of this environment; ``data`` and ``cache`` are the folders of `PluginHost`.

    Nothing here runs in the event loop: every method blocks.
    """

    def __init__(
        self,
        data: Path,
        cache: Path,
        *,
        environment: Environment | None = None,
        tell: Tell = lambda step: None,
    ) -> None:
        self._environment = environment or Environment.here()
        self._pip = Pip(self._environment)
        self._data = data / "plugins"
        self._cache = cache
        self._memory = StandingFile(self._data)
        self._keeping = Keeping(self._data / "kept", self._environment.prefix)
        self._tell = tell

    def require_changeable(self) -> None:
        """Raise ConfigurationError where nothing may be installed, see `Environment.require_changeable`."""
        self._environment.require_changeable()

    @property
    def under_way(self) -> bool:
        """Tell whether something is being installed or removed, also in another process."""
        return self._keeping.under_way

    def recover(self) -> None:
        """Take back what a killed installation left half done; does nothing where there is none."""
        if self._keeping.pending:
            with self._alone():
                pass

    def plan(self, wanted: Sequence[Wanted], *, upgrade: bool = False, build: bool = False) -> Plan:
        """Return what installing ``wanted`` would change; nothing is changed.

        Only wheels count, and folders that are wanted by their path; with ``build`` also source distributions, whose
        own code runs already here. Raises ConfigurationError where it may not, or cannot, be done (see `read_plan` and
        `explain`).
        """
        with self._alone():
            return self._planned(self._named(wanted) if upgrade else wanted, upgrade=upgrade, build=build)

    def install(self, wanted: Sequence[Wanted], *, upgrade: bool = False, build: bool = False) -> Outcome:
        """Install, or upgrade, and try every plugin that is touched. What does not work is taken back.

        Raises as `plan` does, and PermanentError ``plugins.rolled_back``.
        """
        with self._alone():
            wanted = self._named(wanted) if upgrade else wanted
            plan = self._planned(wanted, upgrade=upgrade, build=build)
            if not plan.changes:
                return Outcome(plan, ())
            present, pinned = installed(), pins()
            healthy = self._healthy(plan.changes)
            self._begin(plan.changes, present)
            self._tell("install")
            try:
                arguments = [each.argument for each in wanted]
                status, output = self._pip.install(arguments, pinned, upgrade=upgrade, build=build)
                if status:
                    raise explain(output, _shown(wanted))
                self._require_pins(pinned)
                self._tell("try")
                tried = self._tried(plan.changes, healthy)
            except BaseException:
                self._take_back(plan.changes)
                raise
            self._keeping.end()
            self._remember(tried)
            idle = tuple(plugin for plugin, trial in tried.items() if not trial.offers)
            return Outcome(plan, tuple(tried), idle=idle)

    def plan_removal(self, names: Sequence[str]) -> Plan:
        """Return what removing plugins, by id or by distribution, would change. Raises as `uninstall` does."""
        with self._alone():
            return self._planned_removal(names)

    def uninstall(self, names: Sequence[str]) -> Outcome:
        """Remove plugins; their data, configurations and libraries stay.

        Raises NotFoundError ``plugins.unknown``, ConfigurationError ``plugins.builtin_fixed``, ``plugins.needed_by`` or
        ``plugins.uninstall_failed``.
        """
        with self._alone():
            plan = self._planned_removal(names)
            removed = {change.name for change in plan.changes}
            plugins = tuple(each.id for each in self._found() if canonicalize_name(each.distribution) in removed)
            present = installed()
            unused = tuple(_unused(removed, present))
            self._begin(plan.changes, present)
            self._tell("remove")
            try:
                status, output = self._pip.uninstall(sorted(removed))
                left = removed & installed().keys()
                if status or left:
                    reason = output.strip().splitlines()[-1][:300] if output.strip() else "?"
                    params = {"name": ", ".join(sorted(left or removed)), "reason": reason}
                    raise ConfigurationError("plugins.uninstall_failed", params=params, detail=output)
            except BaseException:
                self._take_back(plan.changes)
                raise
            self._keeping.end()
            self._remember(())
            return Outcome(plan, plugins, (*self._folders(plugins), *unused))

    def _planned(self, wanted: Sequence[Wanted], *, upgrade: bool, build: bool) -> Plan:
        self._tell("plan")
        present, pinned = installed(), pins()
        with tempfile.TemporaryDirectory(prefix="castcore-plan-") as folder:
            place = Path(folder)
            arguments = [each.argument for each in wanted]
            status, output = self._pip.install(arguments, pinned, plan=place, upgrade=upgrade, build=build)
            if status:
                raise explain(output, _shown(wanted), log=place / LOG)
            return read_plan(place / REPORT, wanted, present, pinned)

    def _named(self, wanted: Sequence[Wanted]) -> Sequence[Wanted]:
        """Return what is to be upgraded by its distributions, where it is named by ids. Raises NotFoundError."""
        distributions = {each.id: each.distribution for each in self._found()}
        known = {canonicalize_name(name) for name in distributions.values()}
        named = []
        for each in wanted:
            if each.name not in known and each.name not in distributions:
                # Never from an index: whoever has the name there need not be the plugin's author.
                raise NotFoundError("plugins.unknown", params={"plugin": each.name[:80]})
            named.append(each if each.name in known else each.renamed(distributions[each.name]))
        return named

    def _planned_removal(self, names: Sequence[str]) -> Plan:
        present, removed = installed(), set()
        for name in names:
            if name == BUILTIN:
                raise ConfigurationError("plugins.builtin_fixed")
            fits = [each for each in self._found() if name in (each.id, each.distribution)]
            if not fits:
                raise NotFoundError("plugins.unknown", params={"plugin": name[:80]})
            removed.add(canonicalize_name(fits[0].distribution))
        for name, each in present.items():
            for requirement in needs(each):
                needed = canonicalize_name(requirement.name)
                if needed in removed and name not in removed:
                    raise ConfigurationError("plugins.needed_by", params={"name": needed, "other": name})
        return Plan(tuple(Change(name, present[name].version, "", plugin=True) for name in sorted(removed)))

    def _begin(self, changes: Iterable[Change], present: dict[str, Distribution]) -> None:
        self._tell("keep")
        try:
            self._keeping.begin(changes, present)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigurationError("plugins.install_unkept", params={"reason": reason}) from None

    def _found(self) -> tuple[Manifest, ...]:
        importlib.invalidate_caches()
        return find(self._memory.read(), None)

    def _affected(self, changes: Iterable[Change]) -> list[Manifest]:
        """Return the plugins that are changed themselves, or that need something that is."""
        changed = {change.name for change in changes}
        present = installed()

        def touched(each: Manifest) -> bool:
            name = canonicalize_name(each.distribution)
            needed = {canonicalize_name(requirement.name) for requirement in needs(present[name])}
            return name in changed or bool(needed & changed)

        return [each for each in self._found() if canonicalize_name(each.distribution) in present and touched(each)]

    def _healthy(self, changes: Iterable[Change]) -> frozenset[str]:
        """Return which of the touched plugins work now: only those can be broken by the change."""
        known = [each for each in self._affected(changes) if each.refusal is None]
        tried = trials(self._cache, None, TRIAL).run(known)
        return frozenset(plugin for plugin, trial in tried.items() if not trial.faults)

    def _tried(self, changes: Sequence[Change], healthy: frozenset[str]) -> dict[str, Trial]:
        """Try what is touched, afresh; return what is new or changed, by id. Raises PermanentError."""
        affected = self._affected(changes)
        changed = {change.name for change in changes}
        for each in affected:
            if each.refusal and canonicalize_name(each.distribution) in changed:
                raise _rolled_back(each.id, each.refusal.reason)
        runnable = [each for each in affected if each.refusal is None]
        tried = trials(self._cache, None, TRIAL).run(runnable, afresh=True)
        fresh = [each.id for each in runnable if canonicalize_name(each.distribution) in changed]
        for plugin, trial in tried.items():
            if trial.faults and (plugin in fresh or plugin in healthy):
                raise _rolled_back(plugin, trial.faults[0])
        return {plugin: tried[plugin] for plugin in fresh}

    def _take_back(self, changes: Sequence[Change]) -> None:
        """Bring everything back as it was before; what fails in this is for the journal, and tried again later."""
        self._tell("take_back")
        importlib.invalidate_caches()
        present = installed()
        new = [change.name for change in changes if change.name in present and change.after]
        strange = [name for name in new if present[name].version != _before(changes, name)]
        if strange:
            self._pip.uninstall(strange)
        for change in changes:
            if change.before:
                self._keeping.restore(change.name)
        self._keeping.end()
        importlib.invalidate_caches()

    def _require_pins(self, pinned: Mapping[str, str]) -> None:
        importlib.invalidate_caches()
        if pins() != pinned:
            raise _rolled_back("?", Reason("plugins.core_dependency"))

    def _remember(self, plugins: Iterable[str]) -> None:
        """Let a running server notice; a new version begins with a clean record."""

        def edit(standing: Standing) -> None:
            for plugin in plugins:
                standing.forgive(plugin)

        self._memory.change(edit)

    def _folders(self, plugins: Iterable[str]) -> Iterator[str]:
        for plugin in plugins:
            folder = self._data / "data" / plugin
            if folder.is_dir():
                yield str(folder)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of this data folder, and first take back what a killed installation left half done.

        Raises TemporaryError ``plugins.install_busy``.
        """
        self._environment.require_changeable()
        self._data.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._data / "install.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TemporaryError("plugins.install_busy") from None
            if unfinished := self._keeping.pending:
                self._take_back(unfinished)
            yield
        finally:
            os.close(descriptor)


def _before(changes: Iterable[Change], name: str) -> str:
    return next(change.before for change in changes if change.name == name)


def _shown(wanted: Iterable[Wanted]) -> str:
    return ", ".join(each.name for each in wanted)[:200]


def _rolled_back(plugin: str, reason: Reason) -> CastCoreError:
    detail = reason.detail.partition("\n")[0] or ", ".join(f"{name}: {value}" for name, value in reason.params.items())
    return PermanentError(
        "plugins.rolled_back",
        params={"plugin": plugin, "fault": reason.code, "detail": detail[:300]},
        detail=reason.detail,
    )


def _unused(removed: Iterable[str], present: dict[str, Distribution]) -> Iterator[str]:
    """Yield libraries of ``removed`` that nothing else here needs."""
    gone = set(removed)
    still = set(pins())
    for name, each in present.items():
        if name not in gone:
            still |= {canonicalize_name(requirement.name) for requirement in needs(each)}
    for name in sorted(gone):
        for requirement in needs(present[name]):
            needed = canonicalize_name(requirement.name)
            if needed not in still and needed in present:
                yield f"{needed} {present[needed].version}"
